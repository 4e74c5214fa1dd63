// One form for a check that is new and for one that is there. The kind of a check
// stays, and its key is never shown again.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { Field } from '../parts/bits';
import { Choices, entries, Explained, type Entry } from '../parts/choices';
import { Pending } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { useAct, useLoaded } from '../parts/use';
import { secret } from '../state/dialogs';
import { amend, hrefWith } from '../state/router';
import { say } from '../state/ui';
import { kinds, tc } from '../strings-checks';
import type { Check, CheckChange, CheckKind } from '../types';

const isNew = 'new';

type Draft = Required<Omit<CheckChange, 'enabled'>>;

const fresh = (kind: CheckKind): Draft => ({
  kind,
  name: kinds[kind].name,
  url: kinds[kind].url,
  secret: '',
  settings: Object.fromEntries(kinds[kind].settings.flatMap(({ name, usual }) => (usual ? [[name, usual]] : []))),
  when: kinds[kind].later ? 'after' : 'before',
  only: 'all',
  silence: 'hold',
  most: kinds[kind].most ?? 'review',
  send: [],
  deadline: kinds[kind].later ? '10m' : '1s',
});

function draftOf(one: Check | null): Draft {
  if (!one) return fresh('http');
  const { kind, name, url, settings, when, only, silence, most, send, deadline } = one;
  return { kind, name, url, secret: '', settings, when, only, silence, most, send, deadline };
}

/** What differs from the check that is there: another address or key asks for the password again. */
function changeOf(draft: Draft, one: Check | null): CheckChange {
  const old = draftOf(one);
  const out: CheckChange = {};
  for (const name of Object.keys(draft) as (keyof Draft)[]) {
    if (!one || JSON.stringify(draft[name]) !== JSON.stringify(old[name])) Object.assign(out, { [name]: draft[name] });
  }
  if (one) delete out.kind;
  if (out.secret === '') delete out.secret;
  if (out.url === '') delete out.url;
  return out;
}

export function CheckFormView({ site, id }: { site: string; id: string }) {
  const { data, trouble, reload } = useLoaded(id, async () => ({ one: id === isNew ? null : await api.readCheck(site, id) }));
  return (
    <>
      <p>
        <a href={hrefWith({ form: null })}>← {tc.back}</a>
      </p>
      <h2>{id === isNew ? tc.add : (data?.one?.name ?? tc.edit)}</h2>
      <Pending of={{ data, trouble, reload }} rows={4} />
      {data && <Form site={site} one={data.one} />}
    </>
  );
}

type Put = (change: Partial<Draft>) => void;

function Form({ site, one }: { site: string; one: Check | null }) {
  const [draft, setDraft] = useState(() => draftOf(one));
  const { run, busy, error } = useAct();
  const put: Put = (change) => setDraft({ ...draft, ...change });
  const back = () => amend({ form: null }, false);
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    void run(async () => {
      const change = changeOf(draft, one);
      if (one) await api.changeCheck(site, one.id, change);
      else {
        const made = await api.addCheck(site, change);
        if (made.secret) secret.value = { title: tc.secretTitle, hint: tc.secretHint, text: made.secret };
      }
      say(one ? tc.saved : tc.added);
      back();
    });
  };
  const kind = kinds[draft.kind];
  return (
    <form class="stack panel" onSubmit={save}>
      {!one && <Kinds kind={draft.kind} pick={(next) => setDraft(fresh(next))} />}
      <Field id="check-name" label={tc.name} hint={tc.nameHint}>
        <input id="check-name" required maxLength={60} value={draft.name} aria-describedby="check-name-hint" onInput={(event) => put({ name: event.currentTarget.value })} />
      </Field>
      <Field id="check-url" label={tc.url} hint={kind.urlHint}>
        <input id="check-url" type="url" class="mono" required dir="ltr" value={draft.url} aria-describedby="check-url-hint" onInput={(event) => put({ url: event.currentTarget.value })} />
      </Field>
      <Field id="check-secret" label={kind.secret} hint={one?.has_secret ? tc.keep : kind.secretHint}>
        <input id="check-secret" type="password" autocomplete="off" value={draft.secret} aria-describedby="check-secret-hint" onInput={(event) => put({ secret: event.currentTarget.value })} />
      </Field>
      <Settings draft={draft} put={put} />
      <Times draft={draft} put={put} />
      <Choices legend={tc.only} name="only" value={draft.only} of={entries(tc.onlys)} pick={(only) => put({ only })} />
      <Choices legend={tc.most} name="most" value={draft.most} of={mosts(draft.kind)} pick={(most) => put({ most })} />
      <Choices legend={tc.silence} name="silence" value={draft.silence} of={entries(tc.silences)} pick={(silence) => put({ silence })} />
      <section class="stack" aria-labelledby="check-goes">
        <h3 id="check-goes">{tc.sends}</h3>
        <p>{kind.goes}.</p>
      </section>
      {kind.personal && <Personal draft={draft} put={put} />}
      <Outcome note="" error={error} />
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy}>
          {one ? tc.save : tc.add}
        </button>
        <button type="button" onClick={back}>
          {tc.cancel}
        </button>
      </div>
    </form>
  );
}

const mosts = (kind: CheckKind) => entries(tc.mosts).filter(([code]) => kind !== 'chat' || code === 'hold' || code === 'review');

function Kinds({ kind, pick }: { kind: CheckKind; pick: (kind: CheckKind) => void }) {
  const of = Object.entries(kinds).map(([code, { name, about }]): Entry => [code, [name, about]]);
  return <Choices legend={tc.kind} name="kind" value={kind} of={of} pick={(code) => pick(code as CheckKind)} />;
}

function Settings({ draft, put }: { draft: Draft; put: Put }) {
  const set = (name: string, value: string) => put({ settings: { ...draft.settings, [name]: value } });
  return (
    <>
      {kinds[draft.kind].settings.map(({ name, label, hint, required, long, choices }) => {
        const id = `check-${name}`;
        const common = { id, required: required ?? false, value: draft.settings[name] ?? '', 'aria-describedby': `${id}-hint` };
        return (
          <Field key={`${draft.kind}.${name}`} id={id} label={label} hint={hint}>
            {choices && (
              <select {...common} value={draft.settings[name] ?? choices[0]?.[0] ?? ''} onChange={(event) => set(name, event.currentTarget.value)}>
                {choices.map(([code, text]) => (
                  <option key={code} value={code} selected={code === draft.settings[name]}>
                    {text}
                  </option>
                ))}
              </select>
            )}
            {!choices && long && <textarea {...common} rows={3} maxLength={4000} onInput={(event) => set(name, event.currentTarget.value)} />}
            {!choices && !long && <input {...common} onInput={(event) => set(name, event.currentTarget.value)} />}
          </Field>
        );
      })}
    </>
  );
}

function Times({ draft, put }: { draft: Draft; put: Put }) {
  const of = entries(tc.whens).filter(([code]) => code === 'after' || !kinds[draft.kind].later);
  const pick = (when: string) =>
    put({ when, deadline: when === 'before' ? '1s' : '10m', send: draft.send.filter((field) => field !== 'ip' || when === 'before') });
  return (
    <>
      <Choices legend={tc.when} name="when" value={draft.when} of={of} pick={pick} />
      <Field id="check-deadline" label={tc.deadline} hint={tc.deadlineHint[draft.when]}>
        <input id="check-deadline" class="short" required value={draft.deadline} aria-describedby="check-deadline-hint" onInput={(event) => put({ deadline: event.currentTarget.value })} />
      </Field>
    </>
  );
}

function Personal({ draft, put }: { draft: Draft; put: Put }) {
  const turn = (field: string, on: boolean) => put({ send: on ? [...draft.send, field] : draft.send.filter((other) => other !== field) });
  const box = (field: string, text: [string, string]) => (
    <Explained text={text}>
      <input
        type="checkbox"
        checked={draft.send.includes(field)}
        disabled={field === 'ip' && draft.when === 'after'}
        onChange={(event) => turn(field, event.currentTarget.checked)}
      />
    </Explained>
  );
  return (
    <fieldset class="choices">
      <legend>{tc.sendsMore}</legend>
      {box('email', tc.sendEmail)}
      {box('ip', tc.sendIP)}
    </fieldset>
  );
}
