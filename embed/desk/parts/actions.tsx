// The buttons that decide, each with its key printed.
import { Fragment } from 'preact';
import { Icon, type IconName } from './icons';
import { Key } from './bits';
import { act } from '../state/act';
import { actionsFor } from '../state/decide';
import { rejecting } from '../state/dialogs';
import { keyOf } from '../state/keys';
import { t } from '../strings';
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

function DecideButton({ action, comments }: { action: Action; comments: Comment[] }) {
  return (
    <button
      type="button"
      class={`act ${action}`}
      aria-keyshortcuts={spoken(keyOf[action])}
      onClick={() => act(action, comments)}
    >
      <Icon name={iconOf[action]} />
      {t.verb[action]}
      <Key name={printed(keyOf[action])} />
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

export function Actions({ comments }: { comments: Comment[] }) {
  const fits = all.filter((action) => comments.every((comment) => actionsFor(comment).includes(action)));
  return (
    <>
      {fits.map((action) => (
        <Fragment key={action}>
          <DecideButton action={action} comments={comments} />
          {action === 'reject' && <ReasonButton comments={comments} />}
        </Fragment>
      ))}
    </>
  );
}
