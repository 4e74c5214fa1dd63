// Many entries at once, from a file or pasted, with a report line by line.
import { useRef, useState } from 'preact/hooks';
import * as api from '../api';
import { Field } from '../parts/bits';
import { Table } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { useAct } from '../parts/use';
import { formOf, nothing, partsOf, together } from '../state/importing';
import { hrefWith } from '../state/router';
import { tw } from '../strings-words';
import type { Word, WordImported } from '../types';

const words = tw.imports;
const shownMost = 200;

interface ImportProps {
  site: string;
  list: Word['list'];
  done: () => void;
}

export function WordImportView({ site, list, done }: ImportProps) {
  const { run, busy, error } = useAct();
  const [text, setText] = useState('');
  const [format, setFormat] = useState('text');
  const [into, setInto] = useState<string>(list);
  const [progress, setProgress] = useState('');
  const [report, setReport] = useState<WordImported | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const take = (given: string, name = '') => {
    setText(given);
    setFormat(formOf(name, given));
    setReport(null);
  };
  const send = (dry: boolean) =>
    void run(async () => {
      setReport(null);
      const parts = partsOf(format, text);
      if (!parts) throw new api.Problem(422, 'invalid', words.notJson);
      if (!text.trim() || parts.length === 0) throw new api.Problem(422, 'invalid', words.nothing);
      let so = nothing;
      try {
        for (const [i, part] of parts.entries()) {
          setProgress(words.progress(i + 1, parts.length));
          so = together(so, await api.importWords(site, { format, text: part.text, list: into, dry_run: dry }), part.ahead);
        }
      } finally {
        setProgress('');
        setReport(so);
      }
      return dry ? words.checked(so.added) : words.done(so.added);
    });
  return (
    <>
      <p>
        <a href={hrefWith({ form: null })}>← {tw.back}</a>
      </p>
      <h2>{words.title}</h2>
      <p class="intro">{words.hint}</p>
      <form
        class="stack panel"
        onSubmit={(event) => {
          event.preventDefault();
          send(false);
        }}
      >
        <Field id="import-file" label={words.file}>
          <input
            id="import-file"
            ref={file}
            type="file"
            accept=".txt,.csv,.json,text/plain,text/csv,application/json"
            onChange={({ currentTarget: { files } }) => {
              const one = files?.[0];
              if (one) void one.text().then((given) => take(given, one.name));
            }}
          />
        </Field>
        <Field id="import-text" label={words.text}>
          <textarea id="import-text" class="mono" rows={8} value={text} onInput={(event) => take(event.currentTarget.value)} />
        </Field>
        <div class="inline wrap">
          <Field id="import-format" label={words.format}>
            <Options id="import-format" from={words.formats} value={format} pick={setFormat} />
          </Field>
          <Field id="import-list" label={words.list}>
            <Options id="import-list" from={tw.form.lists} value={into} pick={setInto} />
          </Field>
        </div>
        <Outcome note={progress} error={error} />
        <div class="buttons">
          <button type="submit" class="primary" disabled={busy}>
            {words.start}
          </button>
          <button type="button" disabled={busy} onClick={() => send(true)}>
            {words.check}
          </button>
          <button type="button" onClick={done}>
            {tw.form.cancel}
          </button>
        </div>
      </form>
      {report && <Report report={report} failed={error !== ''} />}
    </>
  );
}

function Options(props: { id: string; from: Record<string, string>; value: string; pick: (code: string) => void }) {
  return (
    <select id={props.id} value={props.value} onChange={(event) => props.pick(event.currentTarget.value)}>
      {Object.entries(props.from).map(([code, text]) => (
        <option key={code} value={code} selected={code === props.value}>
          {text}
        </option>
      ))}
    </select>
  );
}

function Report({ report, failed }: { report: WordImported; failed: boolean }) {
  if (failed && report.lines.length === 0 && report.added === 0) return null;
  const shown = report.lines.slice(0, shownMost);
  const rest = report.lines.length - shown.length;
  return (
    <section class="stack" aria-label={words.report}>
      <p>
        <b>{failed && !report.dry_run ? words.before(report.added) : report.dry_run ? words.checked(report.added) : words.done(report.added)}</b>{' '}
        {report.lines.length > 0 && words.others(report.duplicates, report.refused)}
      </p>
      {shown.length > 0 && (
        <Table heads={[words.line, words.entry, words.why]} kind="word-table">
          {shown.map((line) => (
            <tr key={line.line}>
              <td data-label={words.line}>{line.line}</td>
              <td data-label={words.entry}>
                <bdi class="entry">{line.text}</bdi>
              </td>
              <td data-label={words.why}>{line.detail}</td>
            </tr>
          ))}
        </Table>
      )}
      {rest > 0 && <p class="meta">{words.more(rest)}</p>}
    </section>
  );
}
