// Why a comment is here: each thing that was found as a label, said once, with
// the checks' own sentences beside it where they say more.
import { t } from '../strings';
import { labelOf, sayAll, words } from '../strings-reasons';
import type { Comment, Reason } from '../types';
import { Chip } from './bits';

const tones = { none: 'plain', hold: 'warn', approve: 'ok', review: 'warn', spam: 'spam', reject: 'danger' } as const;
const icons = { none: undefined, hold: 'clock', approve: 'tick', review: 'clock', spam: 'slash', reject: 'cross' } as const;

export function ReasonChip({ reason: { hint, code } }: { reason: Reason }) {
  const icon = icons[hint];
  return (
    <Chip tone={tones[hint]} {...(icon ? { icon } : {})}>
      {labelOf(code)}
    </Chip>
  );
}

/** The reasons by what they say: two words of one list are one reason with two sentences. */
function together(reasons: Reason[]): Reason[][] {
  const groups = new Map<string, Reason[]>();
  for (const reason of reasons) groups.set(reason.code, [...(groups.get(reason.code) ?? []), reason]);
  // Those that need no sentence come last: their labels share a line.
  return [...groups.values()].sort(([a], [b]) => Number(sayAll.has(a!.code)) - Number(sayAll.has(b!.code)));
}

function Found({ reasons, counted }: { reasons: Reason[]; counted: boolean }) {
  const [first] = reasons;
  if (!first) return null;
  const bare = sayAll.has(first.code) || (counted && first.code === 'near_duplicate');
  return (
    <li class={bare ? undefined : 'told'}>
      <ReasonChip reason={first} />
      {!bare && <span>{reasons.map((reason) => reason.sentence).join(' ')}</span>}
    </li>
  );
}

/** counted: the copies are counted beside it by now; the reason tells how many there were when it was written. */
export function Reasons({ comment, counted = false }: { comment: Comment; counted?: boolean }) {
  const { reports, risk, reasons } = comment;
  if (reasons.length === 0 && reports.count === 0 && risk === 'low') return null;
  return (
    <ul class="why" aria-label={t.row.why}>
      {reports.count > 0 && (
        <li class="told">
          <Chip tone="danger" icon="flag">
            {t.row.reports(reports.count)}
          </Chip>
          <span>
            {Object.entries(reports.reasons)
              .map(([name, n]) => `${words(name)} ${n}`)
              .join(', ')}
            {reports.weight > 0 && ` · ${t.row.weight(reports.weight)}`}
          </span>
        </li>
      )}
      {together(reasons).map((group) => (
        <Found key={group[0]?.code} reasons={group} counted={counted} />
      ))}
      {risk !== 'low' && (
        <li>
          <Chip tone={risk === 'high' ? 'danger' : 'warn'}>{t.row.risk[risk]}</Chip>
        </li>
      )}
    </ul>
  );
}
