// One form for an endpoint that is new and for one that is there. Of the latter
// only what was changed is sent: another address asks for the password again.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { AddressField } from '../parts/address';
import { Field } from '../parts/bits';
import { Choices, entries, Explained } from '../parts/choices';
import { Pending } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { named, PairFields, type Pairs } from '../parts/pairs';
import { useAct, useLoaded } from '../parts/use';
import { amend, hrefWith } from '../state/router';
import { say } from '../state/ui';
import { eventTypes, rebuildTypes, targetNames, targetSettings, th } from '../strings-hooks';
import type { Endpoint, EndpointChange } from '../types';
import { showSecret } from './endpoint-actions';

const words = th.form;
const isNew = 'new';

type Draft = Pick<Endpoint, 'url' | 'types' | 'mode' | 'target' | 'settings' | 'asymmetric'> & { headers: Pairs | null };

function draftOf(one: Endpoint | null): Draft {
  const first = eventTypes[0]?.[0] ?? '';
  if (!one) {
    return { url: '', types: [first], mode: 'full', target: 'webhook', settings: {}, asymmetric: false, headers: [] };
  }
  const { url, types, mode, target, settings, asymmetric } = one;
  return { url, types, mode, target, settings, asymmetric, headers: one.headers.length > 0 ? null : [] };
}

/** What differs from the endpoint that is there; null headers are not touched. */
function changeOf(draft: Draft, one: Endpoint | null): EndpointChange {
  const old = draftOf(one);
  const out: EndpointChange = {};
  const url = draft.url.trim();
  const settings = Object.fromEntries(Object.entries(draft.settings).filter(([, value]) => value !== ''));
  if (!one || url !== old.url) out.url = url;
  if (!one || draft.types.join() !== old.types.join()) out.types = draft.types;
  if (draft.mode !== old.mode) out.mode = draft.mode;
  if (draft.asymmetric !== old.asymmetric) out.asymmetric = draft.asymmetric;
  if (draft.target !== old.target) out.target = draft.target;
  if (JSON.stringify(settings) !== JSON.stringify(old.settings) || out.target) out.settings = settings;
  if (draft.headers && (draft.headers.length > 0 || !old.headers)) out.headers = named(draft.headers);
  return out;
}

export function EndpointFormView({ site, id }: { site: string; id: string }) {
  const { data, trouble, reload } = useLoaded(id, async () => {
    const [one, targets] = await Promise.all([id === isNew ? null : api.readEndpoint(site, id), api.listTargets()]);
    return { one, targets };
  });
  return (
    <>
      <p>
        <a href={hrefWith({ form: null })}>← {th.backToEndpoints}</a>
      </p>
      <h2>{id === isNew ? words.add : words.editTitle}</h2>
      <Pending of={{ data, trouble, reload }} rows={4} />
      {data && <Form site={site} {...data} />}
    </>
  );
}

function Form({ site, one, targets }: { site: string; one: Endpoint | null; targets: string[] }) {
  const [draft, setDraft] = useState(() => draftOf(one));
  const { run, busy, error } = useAct();
  const put = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const back = () => amend({ form: null }, false);
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    void run(async () => {
      if (draft.types.length === 0) throw new api.Problem(422, 'types', words.noTypes);
      const change = changeOf(draft, one);
      if (change.url?.includes('…')) throw new api.Problem(422, 'url', words.hidden);
      if (one) await api.changeEndpoint(site, one.id, change);
      else showSecret(await api.addEndpoint(site, change));
      say(words.saved);
      back();
    });
  };
  return (
    <form class="stack panel" onSubmit={save}>
      <AddressField site={site} value={draft.url} known={one?.url} change={(url) => put({ url })} />
      <Targets targets={targets} draft={draft} fresh={!one} put={put} />
      <Types chosen={draft.types} change={(types) => put({ types })} />
      <Choices legend={words.mode} name="mode" value={draft.mode} of={entries(words.modes)} pick={(mode) => put({ mode: mode as Draft['mode'] })} />
      <fieldset class="choices">
        <legend>{words.signing}</legend>
        <Explained text={[words.asymmetric, words.asymmetricHint]}>
          <input
            type="checkbox"
            checked={draft.asymmetric}
            onChange={(event) => put({ asymmetric: event.currentTarget.checked })}
          />
        </Explained>
      </fieldset>
      <Headers names={one?.headers ?? []} headers={draft.headers} change={(headers) => put({ headers })} />
      <Outcome note="" error={error} />
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy}>
          {one ? words.save : words.addButton}
        </button>
        <button type="button" onClick={back}>
          {words.cancel}
        </button>
      </div>
    </form>
  );
}

function Types({ chosen, change }: { chosen: string[]; change: (types: string[]) => void }) {
  const turn = (type: string, on: boolean) => change(on ? [...chosen, type] : chosen.filter((code) => code !== type));
  return (
    <fieldset class="choices">
      <legend>{words.types}</legend>
      {eventTypes.map(([type, sentence]) => (
        <Explained key={type} text={[type, sentence]} mono>
          <input type="checkbox" checked={chosen.includes(type)} onChange={(event) => turn(type, event.currentTarget.checked)} />
        </Explained>
      ))}
    </fieldset>
  );
}

interface TargetsProps {
  targets: string[];
  draft: Draft;
  /** Of an endpoint to be, the choice of a target chooses events as well. */
  fresh: boolean;
  put: (change: Partial<Draft>) => void;
}

function Targets({ targets, draft, fresh, put }: TargetsProps) {
  const about = targetNames[draft.target]?.[1];
  const pick = (target: string) =>
    put({ target, settings: {}, ...(fresh && target === 'rebuild' && { types: rebuildTypes }) });
  return (
    <>
      <Field id="hook-target" label={words.target} hint={about}>
        <select
          id="hook-target"
          value={draft.target}
          aria-describedby={about ? 'hook-target-hint' : undefined}
          onChange={(event) => pick(event.currentTarget.value)}
        >
          {targets.map((target) => (
            <option key={target} value={target} selected={target === draft.target}>
              {targetNames[target]?.[0] ?? target}
            </option>
          ))}
        </select>
      </Field>
      <Settings target={draft.target} settings={draft.settings} change={(settings) => put({ settings })} />
    </>
  );
}

interface SettingsProps {
  target: string;
  settings: Endpoint['settings'];
  change: (settings: Endpoint['settings']) => void;
}

function Settings({ target, settings, change }: SettingsProps) {
  return (
    <>
      {Object.entries(targetSettings[target] ?? {}).map(([name, { label, hint, required }]) => (
        <Field key={`${target}.${name}`} id={`hook-${name}`} label={label} hint={hint}>
          <input
            id={`hook-${name}`}
            required={required ?? false}
            value={settings[name] ?? ''}
            aria-describedby={`hook-${name}-hint`}
            onInput={(event) => change({ ...settings, [name]: event.currentTarget.value })}
          />
        </Field>
      ))}
    </>
  );
}

function Headers({ names, headers, change }: { names: string[]; headers: Pairs | null; change: (headers: Pairs | null) => void }) {
  return (
    <fieldset class="choices">
      <legend>{words.headers}</legend>
      <p class="hint">{words.headersHint}</p>
      {names.length > 0 && (
        <>
          <p>{words.headersKept(names.join(', '))}</p>
          <label>
            <input
              type="checkbox"
              checked={headers !== null}
              onChange={(event) => change(event.currentTarget.checked ? [] : null)}
            />
            {words.headersAnew}
          </label>
        </>
      )}
      {headers && <PairFields name={words.header} add={words.addHeader} pairs={headers} secret change={change} />}
    </fieldset>
  );
}
