// Rejecting with a reason: a house rule or a word, and what the author is told.
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api';
import { decide, type Why } from '../state/decide';
import { rejecting } from '../state/dialogs';
import { t } from '../strings';
import { tr } from '../strings-house';
import type { Clause, Comment } from '../types';
import { Key } from './bits';
import { Buttons, Modal } from './dialogs';
import { usePreview } from './preview';

const words = tr.reject;

interface Option {
  label: string;
  why: Why;
}

/** The rules of the site, where all comments are of one. */
function useOptions(comments: Comment[]): { rules: Option[]; reasons: Option[] } {
  const [clauses, setClauses] = useState<Clause[]>([]);
  const site = comments.every((comment) => comment.site === comments[0]?.site) ? (comments[0]?.site ?? '') : '';
  useEffect(() => {
    if (!site) return;
    // Without the rules one can still choose a reason.
    api.listClauses(site).then(
      (found) => setClauses(found.clauses.filter((clause) => clause.active)),
      () => undefined,
    );
  }, [site]);
  return {
    rules: clauses.map((clause) => ({ label: `${clause.number} ${clause.title}`, why: { clause: clause.id } })),
    reasons: Object.entries(t.reasons.list).map(([code, label]) => ({ label, why: { reason: code } })),
  };
}

export function RejectDialog() {
  const comments = rejecting.value ?? [];
  const { rules, reasons } = useOptions(comments);
  const options = [...rules, ...reasons];
  const [chosen, choose] = useState<Option | undefined>(undefined);
  const [tell, setTell] = useState(true);
  const [text, setText] = useState<string | null>(null);
  const picked = chosen ?? options[0];
  const close = () => (rejecting.value = null);
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const note = String(new FormData(event.currentTarget as HTMLFormElement).get('note')).trim();
    const why: Why = { ...picked?.why, ...(note ? { note } : {}), ...(tell ? {} : { tell }), ...(tell && text ? { message: text } : {}) };
    close();
    // After the dialog has given the focus back, so that the next row gets it last.
    requestAnimationFrame(() => decide('reject', comments, why));
  };
  const press = (event: KeyboardEvent) => {
    const option = options[Number(event.key) - 1];
    const free = !(event.target instanceof HTMLTextAreaElement) && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!option || !free) return;
    event.preventDefault();
    choose(option);
    document.getElementById(idOf(options.indexOf(option)))?.focus();
  };
  return (
    <Modal title={t.reasons.title} onClose={close}>
      <form class="rejecting" onSubmit={send} onKeyDown={press}>
        <Choices title={rules.length > 0 ? words.rules : ''} options={rules} from={0} picked={picked} choose={choose} />
        <Choices title={words.reasons} options={reasons} from={rules.length} picked={picked} choose={choose} />
        <label class="switch">
          <input type="checkbox" checked={tell} onChange={() => setTell(!tell)} />
          {words.tell}
        </label>
        {!tell && <p class="hint">{words.silent}</p>}
        {tell && comments[0] && (
          <Message comments={comments} first={comments[0]} about={picked?.why ?? {}} text={text} setText={setText} />
        )}
        <div class="field">
          <label for="note">
            {t.reasons.note} <span class="hint">({t.common.optional})</span>
          </label>
          <textarea id="note" name="note" rows={2} maxLength={1000} aria-describedby="note-hint" />
          <p class="hint" id="note-hint">
            {t.reasons.noteHint}
          </p>
        </div>
        <Buttons verb={t.verb.reject} danger close={close} />
      </form>
    </Modal>
  );
}

const idOf = (n: number) => `why-${n}`;

interface ChoicesProps {
  title: string;
  options: Option[];
  /** The number of the first of them. */
  from: number;
  picked: Option | undefined;
  choose: (option: Option) => void;
}

function Choices({ title, options, from, picked, choose }: ChoicesProps) {
  if (options.length === 0) return null;
  const isPicked = (option: Option) => JSON.stringify(option.why) === JSON.stringify(picked?.why);
  return (
    <fieldset class="choices">
      <legend>{title}</legend>
      {options.map((option, i) => (
        <label key={option.label}>
          <input
            type="radio"
            name="why"
            id={idOf(from + i)}
            checked={isPicked(option)}
            autofocus={from + i === 0}
            onChange={() => choose(option)}
          />
          <bdi>{option.label}</bdi>
          {from + i < 9 && <Key name={String(from + i + 1)} />}
        </label>
      ))}
    </fieldset>
  );
}

interface MessageProps {
  comments: Comment[];
  first: Comment;
  about: Why;
  /** As the moderator has changed it; null = the template. */
  text: string | null;
  setText: (text: string | null) => void;
}

function Message({ comments, first, about, text, setText }: MessageProps) {
  const { clause, reason } = about;
  const { found, trouble } = usePreview(first.site, {
    comment_id: first.id,
    ...(clause ? { clause } : {}),
    ...(reason ? { reason } : {}),
    ...(text ? { text } : {}),
  });
  return (
    <details class="telling">
      <summary>{words.message}</summary>
      <div class="field">
        <textarea
          rows={7}
          maxLength={4000}
          dir="auto"
          aria-label={words.message}
          aria-describedby="message-hint"
          value={text ?? found?.template ?? ''}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <p class="hint" id="message-hint">
          {words.fields('{name} {page} {site} {excerpt} {rule} {rule_text} {reason} {until}')}
        </p>
        {text !== null && (
          <p>
            <button type="button" class="quiet" onClick={() => setText(null)}>
              {words.reset}
            </button>
          </p>
        )}
      </div>
      {trouble && <p class="error">{trouble}</p>}
      <p class="hint">{words.previewOf(comments.length)}</p>
      <p class="note as-written" dir="auto">
        {found?.message}
      </p>
    </details>
  );
}
