// The last decision with its undo, where the detail covers the list and with it
// the line that would have shown it.
import { acts, undo } from '../state/decide';
import { t } from '../strings';
import { iconOf } from './actions';
import { Icon } from './icons';
import { Countdown } from './line';
import { useExpired } from './use';

export function LastAct() {
  const last = acts.value.at(-1);
  const over = useExpired(last?.until ?? 0);
  const decision = last?.decisions.at(-1);
  if (!last || !decision || last.until === null || over) return null;
  return (
    <section class="last-act" aria-label={t.queue.lastAct}>
      <Icon name={iconOf[last.action]} />
      <b>{t.done[last.action]}</b>
      <button type="button" class="quiet" onClick={() => void undo(decision)}>
        {t.row.undo}
      </button>
      <Countdown key={decision} until={last.until} />
    </section>
  );
}
