// How a comment came to be here: its revisions with what changed, and every
// check's answer, also of those that found nothing or failed.
import { td } from '../strings-detail';
import { checkName } from '../strings-reasons';
import { fullTime } from '../time';
import type { Detail, Revision, Step } from '../types';
import { ReasonChip } from './reasons';

export function TracePart({ steps }: { steps: Step[] }) {
  return (
    <section aria-labelledby="part-trace">
      <h3 id="part-trace">{td.trace}</h3>
      <p class="meta">{td.traceHint}</p>
      <Steps steps={steps} />
    </section>
  );
}

function Steps({ steps }: { steps: Step[] }) {
  return (
    <ul class="steps">
      {steps.map((step, i) => (
        <li key={i}>
          <p>
            <b>{checkName(step.check)}</b>{' '}
            <span class="meta">
              {step.at && `${fullTime(step.at)} · `}v{step.version} · {td.took(step.took_us)}
              {!step.error && (step.evidence ?? []).length === 0 && ` · ${td.nothing}`}
            </span>
          </p>
          {step.error && <p class="error">{td.crashed(step.error)}</p>}
          {(step.evidence ?? []).map((reason, i) => (
            <p key={i} class="evidence">
              <ReasonChip reason={reason} />
              <span>{reason.sentence}</span>
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
}

export function RevisionsPart({ found }: { found: Detail }) {
  const newest = [...found.revisions].sort((a, b) => b.revision - a.revision);
  return (
    <section aria-labelledby="part-revisions">
      <h3 id="part-revisions">{td.revisions}</h3>
      {newest.length < 2 && <p class="meta">{td.onlyOne}</p>}
      {newest.length > 1 && newest.map((revision) => <OneRevision key={revision.revision} revision={revision} />)}
    </section>
  );
}

function OneRevision({ revision }: { revision: Revision }) {
  const diff = revision.diff ?? [];
  return (
    <details open={diff.length > 0}>
      <summary>
        {td.revision(revision.revision)} <span class="meta">{fullTime(revision.created_at)}</span>
      </summary>
      <p class="source diff" dir="auto">
        {diff.length === 0 && revision.text}
        {diff.map((piece, i) => {
          if (piece.op === 'insert') return <ins key={i}>{piece.text}</ins>;
          if (piece.op === 'delete') return <del key={i}>{piece.text}</del>;
          return piece.text;
        })}
      </p>
    </details>
  );
}
