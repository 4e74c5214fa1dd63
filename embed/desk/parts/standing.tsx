// What a person says of an author: shown, and said anew in a dialog.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { home } from '../place';
import { undo } from '../state/decide';
import { href } from '../state/router';
import { isOwner, mayModerate } from '../state/sites';
import { t } from '../strings';
import { tp } from '../strings-people';
import { fullTime } from '../time';
import type { Decision, PersonDetail, Standing } from '../types';
import { Chip } from './bits';
import { Modal } from './dialogs';
import type { IconName } from './icons';
import { Outcome } from './outcome';
import { useAct } from './use';

const tones: Record<Standing, ['plain' | 'ok' | 'warn' | 'danger', IconName | undefined]> = {
  none: ['plain', undefined],
  trusted: ['ok', 'tick'],
  premoderated: ['warn', 'clock'],
  muted: ['warn', 'slash'],
  suspended: ['danger', 'clock'],
  banned: ['danger', 'cross'],
};

export function StandingChip({ standing, until = null }: { standing: Standing; until?: string | null }) {
  const [tone, icon] = tones[standing];
  return (
    <Chip tone={tone} {...(icon ? { icon } : {})}>
      {tp.standings[standing]}
      {until && ` ${tp.until(fullTime(until))}`}
    </Chip>
  );
}

interface Subject {
  id: string;
  name: string;
  standing: Standing;
  has_email: boolean;
}

/** The author of an open comment: standing, the way to their page, and the dialog. */
export function AuthorSay({ site, author }: { site: string; author: Subject }) {
  const [standing, setStanding] = useState(author.standing);
  return (
    <>
      <p class="buttons">
        {standing !== 'none' && <StandingChip standing={standing} />}
        <a href={href(`${home}people`, { site, person: author.id })}>{tp.say.page}</a>
      </p>
      <Say site={site} author={{ ...author, standing }} done={(person) => setStanding(person.standing.standing)} />
    </>
  );
}

interface SayProps {
  site: string;
  author: Subject;
  done: (person: PersonDetail) => void;
}

/** The button that opens the dialog, and what came of it. */
export function Say({ site, author, done }: SayProps) {
  const [open, setOpen] = useState(false);
  const [decision, setDecision] = useState<Decision | null>(null);
  const { run, busy, note, error } = useAct();
  if (!mayModerate(site)) return null;
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const standing = form.get('standing') as Standing;
    setOpen(false);
    void run(async () => {
      const changed = await api.changePerson(site, author.id, changeOf(form));
      setDecision(changed.decision);
      done(changed.person);
      const rejected = changed.decision?.results.filter((result) => result.ok).length ?? 0;
      return [tp.say.saved(standing), rejected > 0 && tp.say.rejected(rejected)].filter(Boolean).join(' ');
    });
  };
  return (
    <div class="buttons">
      <button type="button" disabled={busy} onClick={() => setOpen(true)}>
        {tp.say.open}
      </button>
      <Outcome note={note} error={error} />
      {decision?.undo_until && (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            setDecision(null);
            void undo(decision.decision_id);
          }}
        >
          {tp.say.undo}
        </button>
      )}
      {open && <SayDialog author={author} send={send} close={() => setOpen(false)} />}
    </div>
  );
}

function changeOf(form: FormData) {
  const standing = form.get('standing') as Standing;
  const days = Number(form.get('days'));
  const turnedAway = standing === 'suspended' || standing === 'banned';
  return {
    standing,
    ...(standing !== 'none' && days > 0 && { until: new Date(Date.now() + days * 864e5).toISOString() }),
    reason: String(form.get('reason')).trim(),
    note: String(form.get('note')).trim(),
    block_email: turnedAway && form.has('block_email'),
    everywhere: turnedAway && form.has('everywhere'),
    reject_waiting: form.has('reject_waiting'),
  };
}

const offered: Standing[] = ['none', 'trusted', 'premoderated', 'muted', 'suspended', 'banned'];

function SayDialog({ author, send, close }: { author: Subject; send: (event: SubmitEvent) => void; close: () => void }) {
  const [picked, setPicked] = useState(author.standing);
  const turnedAway = picked === 'suspended' || picked === 'banned';
  const { say } = tp;
  return (
    <Modal title={say.title(author.name)} onClose={close}>
      <form class="stack" onSubmit={send}>
        <fieldset class="choices standings">
          <legend>{say.legend}</legend>
          {offered.map((standing) => (
            <label key={standing}>
              <input
                type="radio"
                name="standing"
                value={standing}
                defaultChecked={standing === author.standing}
                autofocus={standing === author.standing}
                onChange={() => setPicked(standing)}
              />
              <span>
                {tp.standings[standing]}
                <span class="hint">{tp.does[standing]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {picked !== 'none' && (
          <div class="field">
            <label for="say-days">{say.until}</label>
            <select id="say-days" name="days" key={picked}>
              {picked !== 'suspended' && <option value="">{say.forGood}</option>}
              {say.periods.map(([days, text]) => (
                <option key={days} value={days}>
                  {text}
                </option>
              ))}
            </select>
          </div>
        )}
        {turnedAway && author.has_email && <Tick name="block_email" text={say.blockEmail} checked />}
        {turnedAway && author.has_email && isOwner.value && <Tick name="everywhere" text={say.everywhere} />}
        {(turnedAway || picked === 'muted') && <Tick name="reject_waiting" text={say.rejectWaiting} />}
        <div class="field">
          <label for="say-reason">
            {say.reason} <span class="hint">({t.common.optional})</span>
          </label>
          <input id="say-reason" name="reason" maxLength={100} aria-describedby="say-reason-hint" />
          <p class="hint" id="say-reason-hint">
            {say.reasonHint}
          </p>
        </div>
        <div class="field">
          <label for="say-note">
            {say.note} <span class="hint">({t.common.optional})</span>
          </label>
          <textarea id="say-note" name="note" rows={2} maxLength={1000} />
        </div>
        <div class="buttons">
          <button type="submit" class={turnedAway ? 'primary danger' : 'primary'}>
            {say.submit}
          </button>
          <button type="button" onClick={close}>
            {t.common.cancel}
          </button>
        </div>
      </form>
    </Modal>
  );
}

function Tick({ name, text, checked = false }: { name: string; text: string; checked?: boolean }) {
  return (
    <label class="switch">
      <input type="checkbox" name={name} defaultChecked={checked} />
      {text}
    </label>
  );
}
