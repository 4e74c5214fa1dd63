// One rule, as a form or as text, with what the server says of it while it is
// being written, and beside it what it would have done.
import { useState } from 'preact/hooks';
import * as api from '../api-rules';
import { Problem } from '../api';
import { Field, When } from '../parts/bits';
import { Choices, entries } from '../parts/choices';
import { Condition, useCheck, type Written } from '../parts/condition';
import { Pending } from '../parts/list';
import { RehearsalPanel } from '../parts/rehearsal';
import { useAct, useLoaded } from '../parts/use';
import { amend, hrefWith } from '../state/router';
import { mayManage } from '../state/sites';
import { say } from '../state/ui';
import { actions, modes, tr } from '../strings-rules';
import type { Fact, RuleAction, RuleChange, RuleDetail, RuleMode } from '../types-rules';

const words = tr.form;
const isNew = 'new';

export type Draft = Required<Pick<RuleChange, 'name' | 'action' | 'reason' | 'tag' | 'notify' | 'priority' | 'mode'>> & {
  condition: Written;
  expires: string;
};

function draftOf(rule: RuleDetail | null): Draft {
  if (!rule) {
    const terms = [{ fact: 'links.count', is: 'gt', value: '2' }];
    return {
      name: '', action: 'hold', reason: '', tag: '', notify: false, priority: 100, mode: 'rehearsing', expires: '',
      condition: { as: 'form', form: { match: 'all', terms }, when: '' },
    };
  }
  const { name, action, reason, tag, notify, priority, mode, form, when, expires_at } = rule;
  const condition: Written = form ? { as: 'form', form, when } : { as: 'text', form: { match: 'all', terms: [] }, when };
  return { name, action, reason, tag, notify, priority, mode, condition, expires: expires_at?.slice(0, 10) ?? '' };
}

export const conditionOf = ({ as, form, when }: Written) => (as === 'form' ? { form } : { when });

function changeOf({ condition, expires, ...draft }: Draft): RuleChange {
  return { ...draft, ...conditionOf(condition), expires_at: expires ? `${expires}T00:00:00Z` : '' };
}

export function RuleFormView({ site, id }: { site: string; id: string }) {
  const { data, trouble, reload } = useLoaded(id, async () => {
    const [rule, facts] = await Promise.all([id === isNew ? null : api.readRule(site, id), api.listFacts(site)]);
    return { rule, facts };
  });
  const manage = mayManage(site);
  const title = !manage ? words.lookTitle : id === isNew ? words.addTitle : words.editTitle;
  return (
    <div>
      <div class="stack">
        <p>
          <a href={hrefWith({ rule: null })}>← {tr.all}</a>
        </p>
        <h2>{title}</h2>
        {!manage && <p class="hint">{words.readOnly}</p>}
        <Pending of={{ data, trouble, reload }} rows={4} />
        {data && <Editor key={data.rule?.version} site={site} rule={data.rule} facts={data.facts} manage={manage} />}
      </div>
    </div>
  );
}

interface EditorProps {
  site: string;
  rule: RuleDetail | null;
  facts: Fact[];
  manage: boolean;
}

function Editor({ site, rule, facts, manage }: EditorProps) {
  const [draft, setDraft] = useState(() => draftOf(rule));
  const check = useCheck(site, draft.condition);
  return (
    <div class="rule-editor">
      <RuleFields site={site} rule={rule} facts={facts} manage={manage} draft={draft} check={check} change={(some) => setDraft({ ...draft, ...some })} />
      <div class="stack">
        <RehearsalPanel site={site} id={rule?.id} draft={draft} ready={check.error === ''} />
        {rule && rule.versions.length > 1 && <Versions rule={rule} />}
      </div>
    </div>
  );
}

interface FieldsProps extends EditorProps {
  draft: Draft;
  check: ReturnType<typeof useCheck>;
  change: (some: Partial<Draft>) => void;
}

function RuleFields({ site, rule, facts, manage, draft, check, change }: FieldsProps) {
  const { run, busy, error } = useAct();
  const [unproven, setUnproven] = useState(false);
  const [why, setWhy] = useState('');
  const back = () => amend({ rule: null }, false);
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    void run(async () => {
      const body = { ...changeOf(draft), ...(unproven && why.trim() && { override: true, override_reason: why }) };
      try {
        if (rule) await api.changeRule(site, rule.id, body);
        else await api.addRule(site, body);
      } catch (problem) {
        setUnproven(problem instanceof Problem && problem.fields.some((field) => field.code === 'unproven'));
        throw problem;
      }
      say(words.saved);
      back();
    });
  };
  const text = (name: 'name' | 'reason' | 'tag', hint?: string, required = false) => (
    <Field id={`rule-${name}`} label={words[name]} hint={hint}>
      <input
        id={`rule-${name}`}
        value={draft[name]}
        required={required}
        maxLength={name === 'reason' ? 300 : name === 'name' ? 80 : 30}
        {...(hint ? { 'aria-describedby': `rule-${name}-hint` } : {})}
        onInput={(event) => change({ [name]: event.currentTarget.value })}
      />
    </Field>
  );
  return (
    <form class="stack" onSubmit={save}>
      {text('name', undefined, true)}
      <Condition facts={facts} written={draft.condition} check={check} change={(condition) => change({ condition })} />
      <ActionField action={draft.action} change={(action) => change({ action })} />
      {text('reason', words.reasonHint)}
      {text('tag', words.tagHint)}
      <label class="switch">
        <input type="checkbox" checked={draft.notify} onChange={(event) => change({ notify: event.currentTarget.checked })} />
        {words.notify}
      </label>
      <Field id="rule-priority" label={words.priority} hint={words.priorityHint}>
        <input
          id="rule-priority"
          class="short"
          inputMode="numeric"
          pattern="[0-9]+"
          required
          value={String(draft.priority)}
          aria-describedby="rule-priority-hint"
          onInput={(event) => change({ priority: Number(event.currentTarget.value) || 0 })}
        />
      </Field>
      <Field id="rule-expires" label={words.expires} hint={words.expiresHint}>
        <input
          id="rule-expires"
          class="short"
          type="date"
          value={draft.expires}
          aria-describedby="rule-expires-hint"
          onInput={(event) => change({ expires: event.currentTarget.value })}
        />
      </Field>
      <Choices legend={words.mode} name="rule-mode" value={draft.mode} of={entries(modes)} pick={(mode) => change({ mode: mode as RuleMode })} />
      {error && <p class="error">{error}</p>}
      {unproven && (
        <Field id="rule-override" label={words.override} hint={words.overrideHint}>
          <input id="rule-override" value={why} maxLength={500} aria-describedby="rule-override-hint" onInput={(event) => setWhy(event.currentTarget.value)} />
        </Field>
      )}
      {manage && (
        <div class="buttons">
          <button type="submit" class="primary" disabled={busy || check.error !== ''}>
            {unproven && why.trim() ? words.overrideSave : words.save}
          </button>
          <button type="button" onClick={back}>
            {words.cancel}
          </button>
          {rule && <Remove site={site} rule={rule} done={back} />}
        </div>
      )}
    </form>
  );
}

function ActionField({ action, change }: { action: RuleAction; change: (action: RuleAction) => void }) {
  return (
    <Field id="rule-action" label={words.action} hint={actions[action][1]}>
      <select id="rule-action" value={action} aria-describedby="rule-action-hint" onChange={(event) => change(event.currentTarget.value as RuleAction)}>
        {Object.entries(actions).map(([code, [name]]) => (
          <option key={code} value={code} selected={code === action}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}

function Remove({ site, rule, done }: { site: string; rule: RuleDetail; done: () => void }) {
  const [asked, setAsked] = useState(false);
  const { run, busy, error } = useAct();
  const remove = () =>
    run(async () => {
      await api.removeRule(site, rule.id);
      say(tr.removed);
      done();
    });
  if (!asked) {
    return (
      <button type="button" onClick={() => setAsked(true)}>
        {tr.remove}…
      </button>
    );
  }
  return (
    <span role="group" aria-label={tr.removeTitle(rule.name)}>
      {tr.removeTitle(rule.name)}{' '}
      <button type="button" class="danger" disabled={busy} onClick={() => void remove()}>
        {tr.remove}
      </button>{' '}
      <button type="button" onClick={() => setAsked(false)}>
        {words.cancel}
      </button>
      {error && <span class="error">{error}</span>}
    </span>
  );
}

function Versions({ rule }: { rule: RuleDetail }) {
  return (
    <details>
      <summary>{words.versions}</summary>
      <ol class="versions">
        {rule.versions.slice(1).map((old) => (
          <li key={old.version}>
            <span class="meta">
              {words.version(old.version)}, {old.by.name}, <When at={old.at} />, {modes[old.mode][0]}, {actions[old.action][0]}
            </span>
            <span class="mono condition" dir="ltr">{old.when}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}
