// The record of a site: the statements of reasons as a file, and the audit trail.
import { useRef, useState } from 'preact/hooks';
import * as api from '../api';
import { Empty, Field } from '../parts/bits';
import { Choice } from '../parts/filters';
import { Paged, Table } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { saveFile } from '../parts/savefile';
import { useAct, usePages } from '../parts/use';
import { home } from '../place';
import { href } from '../state/router';
import { isOwner, nameOf } from '../state/sites';
import { t } from '../strings';
import { tr } from '../strings-record';
import { fullTime } from '../time';
import type { AuditEntry } from '../types';

export function RecordView({ site }: { site: string }) {
  return (
    <div class="stack">
      <Statements site={site} />
      <Trail site={site} />
    </div>
  );
}

function Statements({ site }: { site: string }) {
  const since = useRef<HTMLInputElement>(null);
  const { run, busy, error } = useAct();
  const save = (format: string) =>
    void run(async () => {
      const day = since.current?.value;
      const file = await api.exportStatements(site, day ? `${day}T00:00:00Z` : '', format);
      saveFile(file, `${site}-statements.${format}`);
    });
  return (
    <section class="stack" aria-labelledby="statements-title">
      <h2 id="statements-title">{tr.statements}</h2>
      <p class="hint intro">{tr.statementsHint}</p>
      <div class="inline wrap">
        <Field id="statements-since" label={`${tr.since} (${t.common.optional})`}>
          <input id="statements-since" ref={since} type="date" />
        </Field>
        <div class="buttons">
          <button type="button" disabled={busy} onClick={() => save('csv')}>
            {tr.csv}
          </button>
          <button type="button" disabled={busy} onClick={() => save('jsonl')}>
            {tr.jsonl}
          </button>
        </div>
      </div>
      <Outcome note="" error={error} />
    </section>
  );
}

function Trail({ site }: { site: string }) {
  const [whole, setWhole] = useState(false);
  const of = whole ? '' : site;
  const pages = usePages(of, 'entries', (cursor) => api.listAudit(of, cursor));
  return (
    <section class="stack" aria-labelledby="trail-title">
      <h2 id="trail-title">{tr.trail}</h2>
      <p class="hint intro">{tr.trailHint}</p>
      {isOwner.value && (
        <div class="scope">
          <Choice
            label={tr.of}
            value={whole ? '*' : ''}
            choices={[
              ['', nameOf(site)],
              ['*', tr.installation],
            ]}
            onPick={(scope) => setWhole(scope === '*')}
          />
        </div>
      )}
      <Paged of={pages} empty={<Empty title={tr.none} />}>
        {(entries) => <Lines entries={entries} />}
      </Paged>
    </section>
  );
}

function Lines({ entries }: { entries: AuditEntry[] }) {
  const heads = tr.columns;
  return (
    <Table heads={Object.values(heads)}>
      {entries.map(({ seq, id, type, comment_id, actor, at, hash }) => (
        <tr key={id}>
          <td data-label={heads.seq}>{seq.toLocaleString('en')}</td>
          <td data-label={heads.at}>
            <time dateTime={at}>{fullTime(at)}</time>
          </td>
          <td data-label={heads.type}>
            <span class="mono">{comment_id ? <a href={href(home, { status: 'all', open: comment_id })}>{type}</a> : type}</span>
          </td>
          <td data-label={heads.by}>
            <span title={actor.id}>
              {tr.actors[actor.kind] ?? actor.kind} {actor.id && <span class="meta mono">{actor.id.slice(-8)}</span>}
            </span>
          </td>
          <td data-label={heads.hash}>
            <span class="mono" title={hash}>
              {hash.slice(0, 12)}
            </span>
          </td>
        </tr>
      ))}
    </Table>
  );
}
