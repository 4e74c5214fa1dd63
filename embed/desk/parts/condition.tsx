// The condition of a rule: lines of a form, or text. The server reads both, so
// that what is shown as wrong is what would be refused.
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api-rules';
import { explain } from '../strings';
import { operators, operatorsOf, tr } from '../strings-rules';
import type { Fact, RuleForm, Term } from '../types-rules';
import { Field } from './bits';

const words = tr.form;

export interface Written {
  as: 'form' | 'text';
  form: RuleForm;
  when: string;
}

interface Checked {
  /** What the condition is as text, '' while that is not known. */
  when: string;
  form: RuleForm | null;
  error: string;
}

/** What the server says of a condition, a moment after it was changed. */
export function useCheck(site: string, written: Written): Checked {
  const [state, setState] = useState<Checked>({ when: written.when, form: null, error: '' });
  const body = written.as === 'form' ? { form: written.form } : { when: written.when };
  const text = JSON.stringify(body);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      api.checkRule(site, body, stop.signal).then(
        ({ when, form }) => setState({ when, form, error: '' }),
        (problem: unknown) => !stop.signal.aborted && setState({ when: '', form: null, error: explain(problem) }),
      );
    }, 250);
    return () => (clearTimeout(timer), stop.abort());
  }, [site, text]);
  return state;
}

interface ConditionProps {
  facts: Fact[];
  written: Written;
  check: Checked;
  change: (written: Written) => void;
}

export function Condition({ facts, written, check, change }: ConditionProps) {
  const toText = () => change({ ...written, as: 'text', when: check.when || written.when });
  const toForm = () => check.form && change({ ...written, as: 'form', form: check.form });
  return (
    <fieldset class="choices stack">
      <legend>{words.condition}</legend>
      <div class="inline">
        <label>
          <input type="radio" name="rule-as" checked={written.as === 'form'} disabled={written.as === 'text' && !check.form} onChange={toForm} />
          {words.asForm}
        </label>
        <label>
          <input type="radio" name="rule-as" checked={written.as === 'text'} onChange={toText} />
          {words.asText}
        </label>
      </div>
      {written.as === 'form' ? (
        <>
          <Terms facts={facts} form={written.form} change={(form) => change({ ...written, form })} />
          {check.when && <p class="mono condition" dir="ltr">{check.when}</p>}
          {check.error && <p class="error">{check.error}</p>}
        </>
      ) : (
        <TextCondition facts={facts} written={written} check={check} change={change} />
      )}
    </fieldset>
  );
}

function TextCondition({ facts, written, check, change }: ConditionProps) {
  const said = check.error ? 'rule-when-error' : 'rule-when-hint';
  return (
    <>
      <Field id="rule-when" label={words.text} hint={check.error ? undefined : words.textHint} error={check.error || undefined}>
        <textarea
          id="rule-when"
          dir="ltr"
          class="mono"
          rows={4}
          required
          maxLength={2000}
          spellcheck={false}
          value={written.when}
          aria-invalid={check.error !== ''}
          aria-describedby={said}
          onInput={(event) => change({ ...written, when: event.currentTarget.value })}
        />
      </Field>
      {!check.error && !check.form && check.when && <p class="hint">{words.noForm}</p>}
      <details>
        <summary>{words.facts}</summary>
        <p class="hint">{words.factsHint}</p>
        <dl class="fact-list">
          {facts.map((fact) => (
            <div key={fact.name}>
              <dt class="mono">{fact.name}</dt>
              <dd>{fact.sentence}</dd>
            </div>
          ))}
        </dl>
      </details>
    </>
  );
}

function Terms({ facts, form, change }: { facts: Fact[]; form: RuleForm; change: (form: RuleForm) => void }) {
  const put = (at: number, term: Term) => change({ ...form, terms: form.terms.map((old, i) => (i === at ? term : old)) });
  return (
    <>
      <label class="match">
        {words.match}{' '}
        <select value={form.match} onChange={(event) => change({ ...form, match: event.currentTarget.value as RuleForm['match'] })}>
          {(['all', 'any'] as const).map((code) => (
            <option key={code} value={code} selected={code === form.match}>
              {words.matches[code]}
            </option>
          ))}
        </select>
      </label>
      <ol class="terms">
        {form.terms.map((term, i) => (
          <li key={i}>
            <TermLine n={i + 1} facts={facts} term={term} change={(next) => put(i, next)} />
            {form.terms.length > 1 && (
              <button
                type="button"
                class="plain"
                aria-label={words.removeTerm(i + 1)}
                onClick={() => change({ ...form, terms: form.terms.filter((_, other) => other !== i) })}
              >
                ×
              </button>
            )}
          </li>
        ))}
      </ol>
      {form.terms.length < 20 && (
        <p>
          <button type="button" onClick={() => change({ ...form, terms: [...form.terms, { fact: 'author.approved', is: 'lt', value: '1' }] })}>
            {words.addTerm}
          </button>
        </p>
      )}
    </>
  );
}

const scores = 'scores.';

function TermLine({ n, facts, term, change }: { n: number; facts: Fact[]; term: Term; change: (term: Term) => void }) {
  const scored = term.fact.startsWith(scores);
  const name = scored ? 'scores' : term.fact;
  const kind = facts.find((fact) => fact.name === name)?.type ?? 'number';
  const pick = (next: string) => {
    const type = facts.find((fact) => fact.name === next)?.type ?? 'number';
    const same = operatorsOf[type] === operatorsOf[kind];
    change({
      fact: next === 'scores' ? `${scores}toxicity` : next,
      is: same ? term.is : (operatorsOf[type]?.[0] ?? 'eq'),
      value: type === 'boolean' ? '' : same ? term.value : type === 'number' ? '1' : '',
    });
  };
  return (
    <>
      <select aria-label={`${words.fact} ${n}`} value={name} onChange={(event) => pick(event.currentTarget.value)}>
        {facts.map((fact) => (
          <option key={fact.name} value={fact.name} selected={fact.name === name}>
            {fact.sentence}
          </option>
        ))}
      </select>
      {scored && (
        <input
          aria-label={`${words.score} ${n}`}
          class="short"
          value={term.fact.slice(scores.length)}
          onInput={(event) => change({ ...term, fact: scores + event.currentTarget.value })}
        />
      )}
      <select aria-label={`${words.is} ${n}`} value={term.is} onChange={(event) => change({ ...term, is: event.currentTarget.value })}>
        {operatorsOf[kind]?.map((code) => (
          <option key={code} value={code} selected={code === term.is}>
            {operators[code]}
          </option>
        ))}
      </select>
      {kind !== 'boolean' && (
        <input
          aria-label={`${words.value} ${n}`}
          class={kind === 'number' || kind === 'scores' ? 'number' : ''}
          inputMode={kind === 'number' || kind === 'scores' ? 'decimal' : 'text'}
          value={term.value}
          onInput={(event) => change({ ...term, value: event.currentTarget.value })}
        />
      )}
    </>
  );
}
