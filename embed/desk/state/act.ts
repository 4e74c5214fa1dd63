// An action as the moderator asks for it, by button or key. Many comments at
// once are asked about first; few are not, because they can be undone.
import { t } from '../strings';
import type { Action, Comment } from '../types';
import { decide } from './decide';
import { question } from './dialogs';
import * as queue from './queue';

const askFrom = 51;

export function act(action: Action, comments: Comment[]) {
  const go = () => {
    decide(action, comments);
    // The selection's bar is gone, and with it the button that had the focus.
    const lost = document.activeElement === document.body;
    if (lost || comments.length > 1) document.getElementById(`row-${queue.current.value}`)?.focus();
  };
  const n = comments.reduce((sum, comment) => sum + queue.weight(comment), 0);
  if (n < askFrom) return go();
  const verb = t.verb[action];
  question.value = { title: t.queue.confirmBulk(verb, n), hint: t.queue.confirmBulkHint, verb, act: go };
}
