// The buttons that decide, each with its key printed.
import { Fragment } from 'preact';
import { Icon, type IconName } from './icons';
import { Key } from './bits';
import { act } from '../state/act';
import { actionsFor } from '../state/decide';
import { rejecting } from '../state/dialogs';
import { keyOf } from '../state/keys';
import { weight } from '../state/queue';
import { t } from '../strings';
import { tw } from '../strings-waves';
import type { Action, Comment } from '../types';

export const iconOf: Record<Action, IconName> = {
  approve: 'tick',
  reject: 'cross',
  spam: 'slash',
  delete: 'bin',
  restore: 'back',
};

const all: Action[] = ['restore', 'approve', 'reject', 'spam', 'delete'];

const printed = (key: string) => (key === key.toUpperCase() ? `⇧${key}` : key);
const spoken = (key: string) => (key === key.toUpperCase() ? `Shift+${key}` : key);

interface Props {
  comments: Comment[];
  /** Without keys, which are another comment's, and without the reason. */
  plain?: boolean;
}

function DecideButton({ action, comments, plain }: Props & { action: Action }) {
  const n = comments.reduce((sum, comment) => sum + weight(comment), 0);
  return (
    <button
      type="button"
      class={`act ${action}`}
      aria-keyshortcuts={plain ? undefined : spoken(keyOf[action])}
      onClick={() => act(action, comments)}
    >
      <Icon name={iconOf[action]} />
      {t.verb[action]}
      {n > comments.length && ` ${tw.all(n)}`}
      {!plain && <Key name={printed(keyOf[action])} />}
    </button>
  );
}

/** Asks for the reason first; stands beside the plain "Reject". */
function ReasonButton({ comments }: { comments: Comment[] }) {
  return (
    <button
      type="button"
      class="act why-reject"
      aria-keyshortcuts="Shift+R"
      onClick={() => (rejecting.value = comments)}
    >
      <span class="unseen">{t.row.rejectWith} </span>
      {t.row.withReason}
      <Key name="⇧R" />
    </button>
  );
}

export function Actions({ comments, plain = false }: Props) {
  const fits = all.filter((action) => comments.every((comment) => actionsFor(comment).includes(action)));
  return (
    <>
      {fits.map((action) => (
        <Fragment key={action}>
          <DecideButton action={action} comments={comments} plain={plain} />
          {action === 'reject' && !plain && <ReasonButton comments={comments} />}
        </Fragment>
      ))}
    </>
  );
}
