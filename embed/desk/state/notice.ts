// What a rule that is to tell moderators has matched last; null once it was seen.
import { signal } from '@preact/signals';
import { t } from '../strings';
import { say } from './ui';

export const notice = signal<{ rule: string; id: string } | null>(null);

export function tell(rule: string, id: string) {
  notice.value = { rule, id };
  say(`${t.notice.matched} ${rule}.`);
}
