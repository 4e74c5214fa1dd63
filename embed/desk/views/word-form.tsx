// One form for an entry that is new and for one that is there.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { Field } from '../parts/bits';
import { Pending } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { useAct, useLoaded } from '../parts/use';
import { hrefWith } from '../state/router';
import { say } from '../state/ui';
import { tw } from '../strings-words';
import type { Word, WordGiven } from '../types';

const words = tw.form;

interface FormProps {
  site: string;
  list: Word['list'];
  id: string;
  done: () => void;
}

export function WordFormView({ site, list, id, done }: FormProps) {
  const isNew = id === 'new';
  const { data, trouble, reload } = useLoaded<Word | 'new'>(id, async () => (isNew ? 'new' : api.readWord(site, id)));
  return (
    <>
      <p>
        <a href={hrefWith({ form: null })}>← {tw.back}</a>
      </p>
      <h2>{isNew ? words.newTitle : words.editTitle}</h2>
      <Pending of={{ data, trouble, reload }} rows={4} />
      {data && <Form site={site} list={list} one={data === 'new' ? null : data} done={done} />}
    </>
  );
}

/** The last day of this browser's calendar on which an entry counts. */
function lastDay(until: string | null): string {
  if (!until) return '';
  const at = new Date(Date.parse(until) - 1);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The end of a day of this browser's calendar. */
function endOf(day: string): string | null {
  if (!day) return null;
  const at = new Date(`${day}T00:00`);
  at.setDate(at.getDate() + 1);
  return at.toISOString();
}

function given(form: HTMLFormElement): WordGiven {
  const data = new FormData(form);
  const text = (name: string) => String(data.get(name) ?? '').trim();
  const exceptions = text('exceptions')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return {
    list: text('list') as Word['list'],
    text: text('text'),
    section: text('section'),
    page: text('page'),
    expires_at: endOf(text('until')),
    language: text('language'),
    exceptions,
    note: text('note'),
  };
}

function Form({ site, list, one, done }: { site: string; list: Word['list']; one: Word | null; done: () => void }) {
  const { run, busy, error } = useAct();
  const [kind, setKind] = useState<Word['kind']>(one?.kind ?? 'word');
  const [scope, setScope] = useState(one ? (one.page ? 'page' : one.section ? 'section' : '') : list === 'legal' ? 'page' : '');
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const all = given(event.currentTarget as HTMLFormElement);
    void run(async () => {
      if (one) {
        // The day is all that the field knows: one that was not touched stays to the second.
        if (lastDay(all.expires_at ?? null) === lastDay(one.expires_at)) delete all.expires_at;
        await api.changeWord(site, one.id, all);
      } else {
        const set = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '' && value !== null));
        await api.addWord(site, { ...set, kind });
      }
      say(words.saved);
      done();
    });
  };
  return (
    <form class="stack panel" onSubmit={save}>
      <Field id="word-list" label={words.list}>
        <select id="word-list" name="list">
          {Object.entries(words.lists).map(([code, text]) => (
            <option key={code} value={code} selected={code === (one?.list ?? list)}>
              {text}
            </option>
          ))}
        </select>
      </Field>
      {!one && (
        <fieldset class="choices">
          <legend>{words.kind}</legend>
          {(['word', 'host'] as const).map((code) => (
            <label key={code}>
              <input type="radio" name="kind" checked={kind === code} onChange={() => setKind(code)} />
              {words.kinds[code]}
            </label>
          ))}
        </fieldset>
      )}
      <Field id="word-text" label={kind === 'host' ? words.host : words.text} hint={kind === 'host' ? words.hostHint : undefined}>
        <input id="word-text" name="text" required maxLength={400} defaultValue={one?.text ?? ''} />
      </Field>
      <Scope scope={scope} one={one} change={setScope} />
      <Field id="word-until" label={words.until} hint={words.untilHint}>
        <input id="word-until" name="until" type="date" class="short" aria-describedby="word-until-hint" defaultValue={lastDay(one?.expires_at ?? null)} />
      </Field>
      <Field id="word-note" label={words.note} hint={words.noteHint}>
        <textarea id="word-note" name="note" rows={2} maxLength={1000} aria-describedby="word-note-hint" defaultValue={one?.note ?? ''} />
      </Field>
      {kind === 'word' && (
        <Field id="word-except" label={words.except} hint={words.exceptHint}>
          <textarea id="word-except" name="exceptions" rows={2} aria-describedby="word-except-hint" defaultValue={one?.exceptions.join('\n') ?? ''} />
        </Field>
      )}
      <Field id="word-language" label={words.language} hint={words.languageHint}>
        <input id="word-language" name="language" class="short" maxLength={35} aria-describedby="word-language-hint" defaultValue={one?.language ?? ''} />
      </Field>
      <Outcome note="" error={error} />
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy}>
          {words.save}
        </button>
        <button type="button" onClick={done}>
          {words.cancel}
        </button>
      </div>
    </form>
  );
}

function Scope({ scope, one, change }: { scope: string; one: Word | null; change: (scope: string) => void }) {
  return (
    <>
      <Field id="word-scope" label={words.scope}>
        <select id="word-scope" onChange={(event) => change(event.currentTarget.value)}>
          {Object.entries(words.scopes).map(([code, text]) => (
            <option key={code} value={code} selected={code === scope}>
              {text}
            </option>
          ))}
        </select>
      </Field>
      {scope === 'section' && (
        <Field id="word-section" label={words.section} hint={words.sectionHint}>
          <input id="word-section" name="section" class="short" required aria-describedby="word-section-hint" defaultValue={one?.section ?? ''} />
        </Field>
      )}
      {scope === 'page' && (
        <Field id="word-page" label={words.page} hint={words.pageHint}>
          <input id="word-page" name="page" required maxLength={2048} aria-describedby="word-page-hint" defaultValue={one?.page ?? ''} />
        </Field>
      )}
    </>
  );
}
