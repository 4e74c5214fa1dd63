// The rule and the reason of a decision, in a few words.
import { t } from '../strings';
import { words } from '../strings-reasons';
import type { StatementClause } from '../types';

export const reasonName = (reason: string) => t.reasons.list[reason] ?? words(reason);
export const ruleName = (clause: { number: string; title: string }) => `${clause.number} ${clause.title}`;

export function Ground({ clause, reason }: { clause: StatementClause | null; reason: string }) {
  return (
    <>
      {clause && (
        <>
          {' '}
          · <bdi>{ruleName(clause)}</bdi>
        </>
      )}
      {reason && ` · ${reasonName(reason)}`}
    </>
  );
}
