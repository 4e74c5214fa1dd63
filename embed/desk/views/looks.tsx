// Second looks: a text, a question, two keys. And how often two people agree.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api';
import { Chip, Empty, Key, When } from '../parts/bits';
import { Pending, Table } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { Tree } from '../parts/tree';
import { useAct, useLoaded } from '../parts/use';
import { home } from '../place';
import { href } from '../state/router';
import { mayModerate } from '../state/sites';
import { keysOn } from '../state/ui';
import { t } from '../strings';
import { tr } from '../strings-house';
import type { Agreement, Clause, Figure, SecondLook, Site, Verdict } from '../types';
import { reasonName, ruleName } from './ground';

const words = tr.looks;

export function LooksView({ site }: { site: Site }) {
  return (
    <>
      <p class="intro">{words.intro}</p>
      {mayModerate(site.key) && <Waiting site={site} />}
      <Figures site={site} />
      {(site.role === 'admin' || site.role === 'owner') && <Differences site={site.key} />}
    </>
  );
}

function Waiting({ site }: { site: Site }) {
  const { data, trouble, reload } = useLoaded(site.key, () => api.listLooks(site.key));
  const [done, setDone] = useState(0);
  const { run, busy, note, error } = useAct();
  const left = data?.second_looks.slice(done) ?? [];
  const [first] = left;
  const give = (verdict: Verdict) => {
    if (!first || busy) return;
    void run(async () => {
      await api.judge(site.key, first.id, verdict);
      if (left.length > 1) setDone(done + 1);
      else {
        setDone(0);
        reload();
      }
      return words.said;
    });
  };
  // Before the text is seen: a key must not meet the listener of the one before.
  useLayoutEffect(() => {
    const stop = new AbortController();
    addEventListener(
      'keydown',
      (event) => {
        const verdict = keysOn.value && !event.repeat && !inField(event) ? keys[event.key] : undefined;
        if (!verdict) return;
        event.preventDefault();
        give(verdict);
      },
      { signal: stop.signal },
    );
    return () => stop.abort();
  });
  return (
    <section class="stack" aria-label={words.title}>
      <Pending of={{ data, trouble, reload }} rows={2} />
      {data && !first && <Empty title={site.options['second_look'] === 'off' ? words.off : words.empty} />}
      {first && <OneLook key={first.id} look={first} give={give} busy={busy} />}
      {first && <p class="meta">{words.left(left.length, data?.next_cursor !== null)}</p>}
      <Outcome note={note} error={error} />
    </section>
  );
}

const keys: Record<string, Verdict> = { y: 'approve', n: 'reject' };

function inField(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  return event.target instanceof HTMLElement && event.target.matches('input, select, textarea, dialog *');
}

function OneLook({ look, give, busy }: { look: SecondLook; give: (verdict: Verdict) => void; busy: boolean }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  const { parent } = look;
  return (
    <article class="case panel">
      <h2 ref={title} tabIndex={-1}>
        {words.question}
      </h2>
      <p class="meta">
        <bdi>{look.author.name || t.row.anonymous}</bdi> · <bdi>{look.page.title || look.page.url}</bdi> ·{' '}
        <When at={look.created_at} />
      </p>
      {parent && (
        <p class="quote">
          {t.row.replyTo} <b>{parent.author || t.row.anonymous}</b>: {parent.text}
        </p>
      )}
      <div class="words" dir="auto">
        <Tree nodes={look.tree} />
      </div>
      <div class="buttons">
        <button type="button" aria-keyshortcuts="y" disabled={busy} onClick={() => give('approve')}>
          {words.yes}
          <Key name="y" />
        </button>
        <button type="button" aria-keyshortcuts="n" disabled={busy} onClick={() => give('reject')}>
          {words.no}
          <Key name="n" />
        </button>
      </div>
    </article>
  );
}

const kappa = ({ kappa: k, low, high }: Figure) =>
  k === null || low === null || high === null ? words.none : words.kappaOf(k, low, high);

/** The site's house rules by their ids, for naming grounds. */
function useRules(site: string) {
  const { data } = useLoaded(site, () => api.listClauses(site));
  return new Map<string, Clause>((data?.clauses ?? []).map((clause) => [clause.id, clause]));
}

function groundName(rules: Map<string, Clause>, clause: string, reason: string): string {
  const rule = rules.get(clause);
  const parts = [rule ? ruleName(rule) : '', reason ? reasonName(reason) : ''].filter(Boolean);
  return parts.join(' · ') || words.noGround;
}

function Figures({ site }: { site: Site }) {
  const { data, trouble, reload } = useLoaded(site.key, () => api.readAgreement(site.key));
  const rules = useRules(site.key);
  return (
    <section class="stack panel" aria-labelledby="agreement-title">
      <h2 id="agreement-title">{words.figures}</h2>
      <Pending of={{ data, trouble, reload }} rows={1} />
      {data && <Lines found={data} />}
      {data && data.grounds.length > 0 && (
        <div class="scroll-x">
          <Table heads={[words.ground, words.looked, words.agreed]}>
            {data.grounds.map(({ clause, reason, n, agreed }) => (
              <tr key={`${clause} ${reason}`}>
                <th scope="row">{groundName(rules, clause, reason)}</th>
                <td data-label={words.looked}>{n}</td>
                <td data-label={words.agreed}>{words.share(agreed, n)}</td>
              </tr>
            ))}
          </Table>
        </div>
      )}
    </section>
  );
}

function Lines({ found }: { found: Agreement }) {
  return (
    <>
      <div class="scroll-x">
        <Table heads={[words.who, words.looked, words.agreed, words.kappa]}>
          {(['all', 'people', 'automation', 'mine'] as const).map((who) => (
            <tr key={who}>
              <th scope="row">{words[who]}</th>
              <td data-label={words.looked}>{found[who].n}</td>
              <td data-label={words.agreed}>{words.share(found[who].agreed, found[who].n)}</td>
              <td data-label={words.kappa}>{kappa(found[who])}</td>
            </tr>
          ))}
        </Table>
      </div>
      <p class="hint">
        {words.kappaHint} {words.mineHint}
      </p>
    </>
  );
}

function Differences({ site }: { site: string }) {
  const { data, trouble, reload } = useLoaded(site, () => api.listDisagreements(site));
  const rules = useRules(site);
  return (
    <section class="stack panel" aria-labelledby="differ-title">
      <h2 id="differ-title">{words.differ}</h2>
      <p class="hint">{words.differHint}</p>
      <Pending of={{ data, trouble, reload }} rows={1} />
      {data?.disagreements.length === 0 && <p class="meta">{words.noDiffer}</p>}
      <ul class="briefs">
        {data?.disagreements.map((one) => (
          <li key={one.id} class="brief">
            <p class="meta">
              {words.decided}: <b>{t.done[one.action]}</b> {one.automatic && words.automatic} ·{' '}
              {groundName(rules, one.clause, one.reason)} <Chip tone="warn">{`${words.second}: ${words.verdicts[one.verdict]}`}</Chip>
            </p>
            <p class="brief-text" dir="auto">
              <a href={href(home, { status: 'all', open: one.comment_id })}>{one.text}</a>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
