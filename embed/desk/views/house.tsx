// A site's house rules, which decisions name.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { Chip, Empty, Field } from '../parts/bits';
import { Pending } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { useAct, useLoaded } from '../parts/use';
import { t } from '../strings';
import { tr } from '../strings-house';
import type { Clause, Site } from '../types';
import { ruleName } from './ground';

const words = tr.house;

export const isAdmin = (site: Site) => site.role === 'admin' || site.role === 'owner';

export function HouseView({ site }: { site: Site }) {
  const { data, trouble, reload } = useLoaded(site.key, () => api.listClauses(site.key));
  const [changing, setChanging] = useState('');
  const saved = () => {
    setChanging('');
    reload();
  };
  return (
    <>
      <p class="intro">{words.intro}</p>
      {!isAdmin(site) && <p class="notice">{words.readOnly}</p>}
      <Pending of={{ data, trouble, reload }} />
      {data?.clauses.length === 0 && <Empty title={words.empty} />}
      <ol class="endpoints rules">
        {data?.clauses.map((clause) => (
          <li key={clause.id}>
            {changing === clause.id ? (
              <RuleForm site={site} clause={clause} saved={saved} cancel={() => setChanging('')} />
            ) : (
              <Rule site={site} clause={clause} change={() => setChanging(clause.id)} reload={reload} />
            )}
          </li>
        ))}
      </ol>
      {isAdmin(site) && data && (
        <section class="panel stack" aria-labelledby="rule-add">
          <h2 id="rule-add">{words.add}</h2>
          <RuleForm key={data.clauses.length} site={site} saved={saved} />
        </section>
      )}
    </>
  );
}

interface RuleProps {
  site: Site;
  clause: Clause;
  change: () => void;
  reload: () => void;
}

function Rule({ site, clause, change, reload }: RuleProps) {
  const { run, busy, error } = useAct();
  const name = ruleName(clause);
  const flip = () =>
    run(async () => {
      await api.changeClause(site.key, clause.id, { active: !clause.active });
      reload();
    });
  return (
    <article class="case">
      <h2>
        <bdi>{name}</bdi> {!clause.active && <Chip tone="warn">{words.retired}</Chip>}
        {clause.language !== site.options['language'] && <Chip>{clause.language}</Chip>}
      </h2>
      {clause.text && (
        <p class="as-written" dir="auto" lang={clause.language}>
          {clause.text}
        </p>
      )}
      {isAdmin(site) && (
        <div class="buttons">
          <button type="button" aria-label={words.changeOf(name)} onClick={change}>
            {words.change}
          </button>
          <button
            type="button"
            aria-label={clause.active ? words.retireOf(name) : words.reviveOf(name)}
            disabled={busy}
            onClick={() => void flip()}
          >
            {clause.active ? words.retire : words.revive}
          </button>
          <Outcome note="" error={error} />
        </div>
      )}
    </article>
  );
}

interface FormProps {
  site: Site;
  clause?: Clause;
  saved: () => void;
  cancel?: () => void;
}

function RuleForm({ site, clause, saved, cancel }: FormProps) {
  const { run, busy, error } = useAct();
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const given = Object.fromEntries(['number', 'title', 'text', 'language'].map((name) => [name, String(data.get(name)).trim()]));
    void run(async () => {
      await (clause ? api.changeClause(site.key, clause.id, given) : api.addClause(site.key, given));
      saved();
      return t.common.saved;
    });
  };
  const id = (name: string) => `rule-${clause?.id ?? 'new'}-${name}`;
  return (
    <form class="stack" onSubmit={save}>
      <Field id={id('number')} label={words.number} hint={words.numberHint}>
        <input
          id={id('number')}
          name="number"
          class="short"
          required
          maxLength={20}
          defaultValue={clause?.number ?? ''}
          aria-describedby={`${id('number')}-hint`}
        />
      </Field>
      <Field id={id('title')} label={words.name}>
        <input id={id('title')} name="title" required maxLength={200} dir="auto" defaultValue={clause?.title ?? ''} />
      </Field>
      <Field id={id('text')} label={words.text} hint={words.textHint}>
        <textarea
          id={id('text')}
          name="text"
          rows={3}
          maxLength={2000}
          dir="auto"
          defaultValue={clause?.text ?? ''}
          aria-describedby={`${id('text')}-hint`}
        />
      </Field>
      <Field id={id('language')} label={words.language}>
        <input
          id={id('language')}
          name="language"
          class="short"
          required
          defaultValue={clause?.language ?? String(site.options['language'])}
        />
      </Field>
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy}>
          {clause ? t.common.save : words.add}
        </button>
        {cancel && (
          <button type="button" onClick={cancel}>
            {t.common.cancel}
          </button>
        )}
        <Outcome note="" error={error} />
      </div>
    </form>
  );
}
