// Why a comment is here: each check's name as a chip, its full sentence beside it.
import { t } from '../strings';
import type { Comment, Reason } from '../types';
import { Chip } from './bits';

const tones = { none: 'plain', hold: 'warn', spam: 'spam', reject: 'danger' } as const;
const icons = { none: undefined, hold: 'clock', spam: 'slash', reject: 'cross' } as const;

export const words = (name: string) => name.replaceAll(/[_.-]/g, ' ');

export function ReasonLine({ reason }: { reason: Reason }) {
  const icon = icons[reason.hint];
  return (
    <>
      <Chip tone={tones[reason.hint]} {...(icon ? { icon } : {})}>
        {words(reason.check)}
      </Chip>
      <span>{reason.sentence}</span>
    </>
  );
}

export function Reasons({ comment }: { comment: Comment }) {
  const { reports, risk, reasons } = comment;
  if (reasons.length === 0 && reports.count === 0 && risk === 'low') return null;
  return (
    <ul class="why" aria-label={t.row.why}>
      {reasons.map((reason, i) => (
        <li key={i}>
          <ReasonLine reason={reason} />
        </li>
      ))}
      {reports.count > 0 && (
        <li>
          <Chip tone="danger" icon="flag">
            {t.row.reports(reports.count)}
          </Chip>
          <span>
            {Object.entries(reports.reasons)
              .map(([name, n]) => `${words(name)} ${n}`)
              .join(', ')}
          </span>
        </li>
      )}
      {risk !== 'low' && (
        <li>
          <Chip tone={risk === 'high' ? 'danger' : 'warn'}>{t.row.risk[risk]}</Chip>
        </li>
      )}
    </ul>
  );
}
