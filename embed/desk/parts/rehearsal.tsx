// What a rule would have done: numbers first, then examples side by side.
import { useState } from 'preact/hooks';
import * as api from '../api-rules';
import { home } from '../place';
import { href } from '../state/router';
import { fullTime } from '../time';
import { actions, tr } from '../strings-rules';
import type { Example, Rehearsal, RuleAction } from '../types-rules';
import { conditionOf, type Draft } from '../views/rule-form';
import { Chip } from './bits';
import { Fact } from './list';
import { Outcome } from './outcome';
import { useAct } from './use';

const words = tr.rehearsal;

interface Props {
  site: string;
  id: string | undefined;
  draft: Draft;
  ready: boolean;
}

export function RehearsalPanel({ site, id, draft, ready }: Props) {
  const [found, setFound] = useState<Rehearsal | null>(null);
  const [n, setN] = useState('1000');
  const { run, busy, error } = useAct();
  const rehearse = () =>
    run(async () => {
      const { name, action, priority, condition } = draft;
      const out = await api.rehearse(site, { ...conditionOf(condition), action, name, priority, n: Number(n), ...(id ? { id } : {}) });
      setFound(out);
      return words.verdict(out.hits.all, out.looked_at);
    });
  return (
    <section class="rehearsal stack" aria-labelledby="rehearsal-title" aria-busy={busy}>
      <h3 id="rehearsal-title">{words.title}</h3>
      <p class="hint">{words.hint}</p>
      <div class="buttons">
        <label>
          {words.n}{' '}
          <select value={n} onChange={(event) => setN(event.currentTarget.value)}>
            {['100', '1000', '10000'].map((most) => (
              <option key={most} value={most} selected={most === n}>
                {Number(most).toLocaleString('en')}
              </option>
            ))}
          </select>
        </label>
        <button type="button" disabled={busy || !ready} onClick={() => void rehearse()}>
          {busy ? words.running : words.run}
        </button>
      </div>
      <Outcome note="" error={error} />
      {found && (found.looked_at === 0 ? <p>{words.nothing}</p> : <Result found={found} />)}
    </section>
  );
}

function Result({ found }: { found: Rehearsal }) {
  return (
    <>
      <p class="verdict">
        {words.verdict(found.hits.all, found.looked_at)} {found.hits.all > 0 && words.split(found.hits.approved, found.hits.rejected)}
      </p>
      <dl class="facts">
        <Fact name={words.precision}>{tr.rightOf(found.precision)}</Fact>
        <Fact name={words.caught}>{words.caughtOf(found.caught)}</Fact>
      </dl>
      {found.required > 0 && (
        <p>
          <Chip tone={found.passes ? 'ok' : 'warn'} icon={found.passes ? 'tick' : 'clock'}>
            {found.passes ? words.passes : words.fails}
          </Chip>{' '}
          {words.required(found.required)}
        </p>
      )}
      <Remarks found={found} />
      <Clashes found={found} />
      <div class="examples">
        <Examples title={words.wrong} list={found.wrong} />
        <Examples title={words.right} list={found.right} />
      </div>
    </>
  );
}

function Remarks({ found }: { found: Rehearsal }) {
  const lines = [
    ...found.unknown.map(({ fact, comments }) => words.unknown(fact, comments)),
    ...(found.failed > 0 ? [words.failed(found.failed)] : []),
    ...(found.complete ? [] : [words.incomplete]),
    ...(found.since ? [`${words.since} ${fullTime(found.since)}.`] : []),
    words.took(found.took_ms),
  ];
  return <p class="hint">{lines.join(' ')}</p>;
}

function Clashes({ found }: { found: Rehearsal }) {
  if (found.clashes.length === 0) return null;
  const nameOf = (action: RuleAction) => actions[action][0];
  return (
    <div>
      <h4>{words.clashes}</h4>
      <ul class="clashes">
        {found.clashes.map((clash) => (
          <li key={clash.rule_id}>
            {words.clash(clash.name, nameOf(clash.action), clash.comments.all)} {clash.first ? words.itFirst(clash.name) : words.thisFirst}
          </li>
        ))}
      </ul>
    </div>
  );
}

const tones = { approved: 'ok', rejected: 'danger', spam: 'spam' } as const;

function Examples({ title, list }: { title: string; list: Example[] }) {
  return (
    <section aria-label={title}>
      <h4>
        {title} <span class="count">{list.length === 10 ? '10+' : list.length}</span>
      </h4>
      {list.length === 0 && <p class="meta">{words.none}</p>}
      <ul>
        {list.map((one) => (
          <li key={one.comment_id}>
            <p>
              <bdi>{one.text}</bdi>
            </p>
            <p class="meta">
              <Chip tone={tones[one.verdict]}>{words.verdicts[one.verdict]}</Chip> <bdi>{one.author}</bdi>, <bdi>{one.page}</bdi>{' '}
              <a href={href(home, { open: one.comment_id })}>{tr.look}</a>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
