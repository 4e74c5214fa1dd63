// What is left of a decided comment for a short while: one line with its undo,
// or with the name of who decided.
import { useEffect, useState } from 'preact/hooks';
import { undo } from '../state/decide';
import type { Mark } from '../state/queue';
import { t } from '../strings';
import type { Action, Comment, Status } from '../types';
import { iconOf } from './actions';
import { Key } from './bits';
import { Icon, type IconName } from './icons';
import { plain } from './tree';

type Acted = Extract<Mark, { kind: 'acted' }>;
type Other = Extract<Mark, { kind: 'other' }>;

const iconOfStatus: Record<Status, IconName> = {
  pending: 'back',
  approved: 'tick',
  rejected: 'cross',
  spam: 'slash',
  deleted: 'bin',
};

const toneOf: Record<Action, string> = {
  approve: 'approved',
  reject: 'rejected',
  spam: 'spam',
  delete: 'deleted',
  restore: 'pending',
};

const snippet = (comment: Comment) => `${comment.author.name || t.row.anonymous}: ${plain(comment.tree)}`.slice(0, 140);

export function ActedLine({ comment, mark }: { comment: Comment; mark: Acted }) {
  const undoable = mark.sent && mark.until !== null;
  return (
    <article
      id={`row-${comment.id}`}
      data-line
      class={`line ${toneOf[mark.action]}`}
      tabIndex={-1}
      aria-label={t.done[mark.action]}
    >
      <Icon name={iconOf[mark.action]} />
      <b>{t.done[mark.action]}</b>
      {!mark.sent && <span class="meta">{t.row.sending}</span>}
      {mark.sent && !undoable && <span class="meta">{t.row.atOnce}</span>}
      {undoable && (
        <>
          <span aria-hidden="true">·</span>
          <button type="button" class="quiet" aria-keyshortcuts="u" onClick={() => void undo(mark.decision)}>
            {mark.together > 1 ? t.row.undoAll(mark.together) : t.row.undo}
          </button>
          <Key name="u" />
          <Countdown until={mark.until ?? 0} />
        </>
      )}
      <span class="snippet">{snippet(comment)}</span>
    </article>
  );
}

/** The time left: a number for eyes only, so that no screen reader counts along. */
export function Countdown({ until }: { until: number }) {
  const left = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const [seconds, setSeconds] = useState(left);
  const [whole] = useState(() => Math.max(0, until - Date.now()));
  useEffect(() => {
    const timer = setInterval(() => setSeconds(left()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return (
    <span class="countdown" aria-hidden="true">
      <i style={{ animationDuration: `${whole}ms` }} />
      {seconds} s
    </span>
  );
}

export function OtherLine({ comment, mark }: { comment: Comment; mark: Other }) {
  const text = mark.late ? t.row.late(mark.status, mark.by) : t.row.other(mark.status, mark.by);
  return (
    <article id={`row-${comment.id}`} data-line class={`line ${mark.status}`} tabIndex={-1} aria-label={text}>
      <Icon name={iconOfStatus[mark.status]} />
      <b>{text}</b>
      <span class="snippet">{snippet(comment)}</span>
    </article>
  );
}
