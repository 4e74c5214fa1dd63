// The rules of one site, in the order in which they are asked, and how precise
// each has been. The address says which one is being edited.
import { Chip, Empty, When } from '../parts/bits';
import { Fact, Pending } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { saveFile } from '../parts/savefile';
import { ForSite } from '../parts/sitepicker';
import { useAct, useLoaded } from '../parts/use';
import * as api from '../api-rules';
import { serverNow } from '../http';
import { home } from '../place';
import { href, hrefWith, param } from '../state/router';
import { mayManage, moderated } from '../state/sites';
import { tm } from '../strings-moving';
import { actions, modes, tr } from '../strings-rules';
import type { Rule, RuleMode } from '../types-rules';
import { RuleFormView } from './rule-form';
import { RuleImportView } from './rule-import';

const chosen = param('rule');

export function RulesView() {
  return (
    <ForSite title={tr.title} among={moderated.value}>
      {(site) => <Shown key={`${site.key} ${chosen.value}`} site={site.key} />}
    </ForSite>
  );
}

function Shown({ site }: { site: string }) {
  if (!chosen.value) return <RuleList site={site} />;
  if (chosen.value === 'import' && mayManage(site)) return <RuleImportView site={site} />;
  return <RuleFormView site={site} id={chosen.value} />;
}

function RuleList({ site }: { site: string }) {
  const { data, trouble, reload } = useLoaded(site, () => api.listRules(site));
  const { run, busy, error } = useAct();
  const move = (from: number, to: number) => {
    const ids = (data ?? []).map((rule) => rule.id);
    ids.splice(to, 0, ...ids.splice(from, 1));
    void run(async () => {
      await api.orderRules(site, ids);
      reload();
      return tr.moved;
    });
  };
  return (
    <div>
      <div class="stack">
        <p class="intro">{tr.intro}</p>
        <Toolbar site={site} some={(data?.length ?? 0) > 0} />
        <Pending of={{ data, trouble, reload }} />
        {error && <p class="error">{error}</p>}
        {data?.length === 0 && <Empty title={tr.empty} />}
        <ol class="rules">
          {data?.map((rule, i) => (
            <li key={rule.id}>
              <OneRule site={site} rule={rule} reload={reload}>
                {{
                  up: i > 0 && !busy ? () => move(i, i - 1) : null,
                  down: i < data.length - 1 && !busy ? () => move(i, i + 1) : null,
                }}
              </OneRule>
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}

function Toolbar({ site, some }: { site: string; some: boolean }) {
  const { run, busy, error } = useAct();
  const save = () => run(async () => saveFile(await api.exportRules(site), `${site}-rules.json`));
  return (
    <>
      <div class="buttons">
        {mayManage(site) && (
          <>
            <a class="button" href={hrefWith({ rule: 'new' })}>
              {tr.add}
            </a>
            <a class="button" href={hrefWith({ rule: 'import' })}>
              {tm.import}
            </a>
          </>
        )}
        {some && (
          <button type="button" disabled={busy} onClick={() => void save()}>
            {tm.export}
          </button>
        )}
      </div>
      <Outcome note="" error={error} />
    </>
  );
}

const looks: Record<RuleMode, 'ok' | 'info' | 'plain'> = { active: 'ok', rehearsing: 'info', off: 'plain' };

interface OneProps {
  site: string;
  rule: Rule;
  reload: () => void;
  children: { up: (() => void) | null; down: (() => void) | null };
}

function OneRule({ site, rule, reload, children: { up, down } }: OneProps) {
  const { run, busy, error } = useAct();
  const manage = mayManage(site);
  const over = rule.expires_at !== null && Date.parse(rule.expires_at) <= serverNow();
  const off = () =>
    run(async () => {
      await api.changeRule(site, rule.id, { mode: 'off' });
      reload();
      return tr.turnedOff(rule.name);
    });
  return (
    <article aria-label={rule.name}>
      <h2>{rule.name}</h2>
      <p class="chips">
        <Chip tone={over ? 'plain' : looks[rule.mode]}>{over ? tr.ended : modes[rule.mode][0]}</Chip>
        <Chip tone={rule.action === 'reject' ? 'danger' : rule.action === 'spam' ? 'spam' : 'plain'}>{actions[rule.action][0]}</Chip>
        {rule.tag && <Chip>{tr.tagged(rule.tag)}</Chip>}
        {rule.notify && <Chip>{tr.notifies}</Chip>}
        {rule.expires_at && (
          <span class="meta">
            {!over && tr.ends} <When at={rule.expires_at} />
          </span>
        )}
        {rule.owner && <span class="meta">{rule.owner}</span>}
      </p>
      <p class="mono condition" dir="ltr">{rule.when}</p>
      {rule.override_reason && <p class="hint">{tr.overridden(rule.override_reason)}</p>}
      <Figures rule={rule} />
      {error && <p class="error">{error}</p>}
      <p class="buttons">
        {manage && (
          <>
            <button type="button" class="plain" disabled={!up} aria-label={tr.up(rule.name)} onClick={() => up?.()}>
              ↑
            </button>
            <button type="button" class="plain" disabled={!down} aria-label={tr.down(rule.name)} onClick={() => down?.()}>
              ↓
            </button>
          </>
        )}
        <a class="button" href={hrefWith({ rule: rule.id })}>
          {manage ? tr.edit : tr.look}
        </a>
        {manage && rule.mode !== 'off' && (
          <button type="button" disabled={busy} onClick={() => void off()}>
            {tr.turnOff}
          </button>
        )}
        <a href={href(home, { site, reason: `rule:${rule.id}` })}>{tr.comments}</a>
      </p>
    </article>
  );
}

function Figures({ rule: { precision: p } }: { rule: Rule }) {
  const words = tr.figures;
  return (
    <>
      <dl class="facts">
        <Fact name={words.hits}>{p.hits.toLocaleString('en')}</Fact>
        <Fact name={words.recent}>{p.recent.hits.toLocaleString('en')}</Fact>
        <Fact name={words.right}>{tr.rightOf(p)}</Fact>
        {p.failed > 0 && <Fact name={words.failed}>{p.failed.toLocaleString('en')}</Fact>}
      </dl>
      {p.decayed && (
        <p>
          <Chip tone="warn" icon="flag">
            {tr.decayed}
          </Chip>
        </p>
      )}
    </>
  );
}
