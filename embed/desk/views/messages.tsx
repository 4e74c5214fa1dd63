// What authors are told: a message for each rule and reason, or one for all.
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api';
import { Field } from '../parts/bits';
import { Choice } from '../parts/filters';
import { Pending } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { useAct, useLoaded } from '../parts/use';
import { usePreview } from '../parts/preview';
import { t } from '../strings';
import { tr } from '../strings-house';
import type { Clause, Site, Template } from '../types';
import { ruleName } from './ground';
import { isAdmin } from './house';

const words = tr.templates;

export function MessagesView({ site }: { site: Site }) {
  const read = async () => ({ ...(await api.listTemplates(site.key)), ...(await api.listClauses(site.key)) });
  const { data, trouble, reload } = useLoaded(site.key, read);
  const [name, setName] = useState('default');
  if (trouble || !data) return <Pending of={{ data, trouble, reload }} rows={2} />;
  const own = new Map(data.templates.map((one) => [one.name, one]));
  return (
    <>
      <p class="intro">{words.intro}</p>
      <div class="buttons">
        <Choice
          label={words.of}
          value={name}
          choices={choices(data.clauses).map(([code, label]) => [code, own.has(code) ? `${label} (${words.own})` : label])}
          onPick={setName}
        />
      </div>
      <Message key={name} site={site} name={name} own={own.get(name)} reload={reload} />
    </>
  );
}

function choices(clauses: Clause[]): [string, string][] {
  return [
    ['default', words.general],
    ...clauses.filter((one) => one.active).map((one): [string, string] => [one.id, words.ofRule(ruleName(one))]),
    ...Object.entries(t.reasons.list).map(([code, label]): [string, string] => [code, words.ofReason(label)]),
  ];
}

const isRule = (name: string) => name.length === 36;

function Message({ site, name, own, reload }: { site: Site; name: string; own: Template | undefined; reload: () => void }) {
  const { run, busy, note, error } = useAct();
  const [text, setText] = useState(own?.text ?? '');
  const about = { ...(isRule(name) ? { clause: name } : name === 'default' ? {} : { reason: name }) };
  const { found, trouble } = usePreview(site.key, { ...about, ...(text ? { text } : {}) });
  // Without one of its own, it begins with what applies.
  useEffect(() => {
    if (!own && !text && found) setText(found.template);
  }, [found]);
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    void run(async () => {
      await api.putTemplate(site.key, name, text);
      reload();
      return t.common.saved;
    });
  };
  const remove = () =>
    run(async () => {
      await api.removeTemplate(site.key, name);
      setText('');
      reload();
      return words.removed;
    });
  return (
    <form class="case-texts" onSubmit={save}>
      <div class="stack">
        <Field id="template-text" label={words.text} hint={tr.reject.fields(fields)} error={trouble}>
          <textarea
            id="template-text"
            rows={12}
            required
            maxLength={4000}
            dir="auto"
            readOnly={!isAdmin(site)}
            aria-describedby="template-text-hint"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </Field>
        {!own && <p class="hint">{words.none}</p>}
        {isAdmin(site) && (
          <div class="buttons">
            <button type="submit" class="primary" disabled={busy || text === own?.text}>
              {t.common.save}
            </button>
            {own && (
              <button type="button" class="danger" disabled={busy} onClick={() => void remove()}>
                {words.remove}
              </button>
            )}
            <Outcome note={note} error={error} />
          </div>
        )}
      </div>
      <section aria-label={words.preview}>
        <h2>{words.preview}</h2>
        <p class="note as-written" dir="auto">
          {found?.message}
        </p>
      </section>
    </form>
  );
}

/** What a message may name, as the server has it. */
export const fields = '{name} {page} {site} {excerpt} {rule} {rule_text} {reason} {until}';
