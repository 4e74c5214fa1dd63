// Rules from a file or pasted, with what became of each.
import { useState } from 'preact/hooks';
import { importRules } from '../api-rules';
import { Problem } from '../http';
import { Chip, Field } from '../parts/bits';
import { Outcome } from '../parts/outcome';
import { useAct } from '../parts/use';
import { gathered } from '../state/importing';
import { hrefWith } from '../state/router';
import { tm } from '../strings-moving';
import { tr } from '../strings-rules';
import type { RuleImported } from '../types-rules';

/** The rules of a file, each as it stands there; throws what is wrong with it. */
function rulesIn(text: string): unknown[] {
  const wrong = (why: string) => new Problem(422, 'invalid', why);
  if (!text.trim()) throw wrong(tm.nothing);
  let file: unknown;
  try {
    file = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (problem) {
    throw wrong(tm.notJson(problem instanceof Error ? problem.message : ''));
  }
  const rules = typeof file === 'object' && file !== null && 'rules' in file ? file.rules : null;
  if (!Array.isArray(rules)) throw wrong(tm.notRules);
  if (rules.length === 0) throw wrong(tm.nothing);
  return rules as unknown[];
}

/** Adds to what is wrong with the shape of a part which rule of the file it is, and where. */
const placed = (ahead: number) => (problem: unknown) => {
  const field = problem instanceof Problem ? problem.fields[0] : undefined;
  const at = /^rules\.(\d+)\.?(.*)$/.exec(field?.name ?? '');
  if (!field || !at) throw problem;
  throw new Problem(422, field.code, tm.placed(Number(at[1]) + ahead + 1, at[2] ?? '', field.detail.replace(/^Rule \d+: /, '')));
};

export function RuleImportView({ site }: { site: string }) {
  const { run, busy, error } = useAct();
  const [text, setText] = useState('');
  const [progress, setProgress] = useState('');
  const [report, setReport] = useState<RuleImported[] | null>(null);
  const take = (given: string) => {
    setText(given);
    setReport(null);
  };
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    void run(async () => {
      setReport(null);
      const one = (items: string[]) => `{"rules":[${items.join()}]}`;
      const parts = gathered(rulesIn(text).map((rule) => JSON.stringify(rule)), one, (first) => first);
      let so: RuleImported[] = [];
      try {
        for (const [i, part] of parts.entries()) {
          setProgress(parts.length > 1 ? tm.progress(i + 1, parts.length) : '');
          so = so.concat(await importRules(site, JSON.parse(part.text) as unknown).catch(placed(part.ahead)));
        }
      } finally {
        setProgress('');
        if (so.length > 0) setReport(so);
      }
      return said(so);
    });
  };
  return (
    <div class="stack">
      <p>
        <a href={hrefWith({ rule: null })}>← {tr.all}</a>
      </p>
      <h2>{tm.title}</h2>
      <p class="intro">
        {tm.hint} {tm.unproven}
      </p>
      <form class="stack panel" onSubmit={send}>
        <Field id="rules-file" label={tm.file}>
          <input
            id="rules-file"
            type="file"
            accept=".json,application/json"
            onChange={({ currentTarget: { files } }) => {
              const file = files?.[0];
              if (file) void file.text().then(take);
            }}
          />
        </Field>
        <Field id="rules-text" label={tm.text}>
          <textarea id="rules-text" class="mono" rows={10} spellcheck={false} value={text} onInput={(event) => take(event.currentTarget.value)} />
        </Field>
        <Outcome note={progress} error={error} />
        <div class="buttons">
          <button type="submit" class="primary" disabled={busy}>
            {tm.start}
          </button>
          <a class="button" href={hrefWith({ rule: null })}>
            {tm.cancel}
          </a>
        </div>
      </form>
      {report && <Report report={report} failed={error !== ''} />}
    </div>
  );
}

function said(report: RuleImported[]): string {
  const taken = report.filter((one) => one.ok).length;
  return tm.done(taken, report.length - taken);
}

function Report({ report, failed }: { report: RuleImported[]; failed: boolean }) {
  return (
    <section class="stack" aria-label={tm.report}>
      <p>
        <b>{failed ? tm.before(report.length) : said(report)}</b>
      </p>
      <table class="data word-table">
        <thead>
          <tr>
            <th scope="col">{tm.rule}</th>
            <th scope="col">{tm.outcome}</th>
          </tr>
        </thead>
        <tbody>
          {report.map((one, i) => (
            <tr key={i}>
              <td data-label={tm.rule}>
                <bdi>{one.name}</bdi>
              </td>
              <td data-label={tm.outcome}>
                <span>
                  <Chip tone={one.ok ? (one.change === 'same' ? 'plain' : 'ok') : 'warn'}>{tm.outcomes[one.change]}</Chip> {one.detail}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
