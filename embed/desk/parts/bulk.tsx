// The bar of the selection: what can be done to all of it.
import * as queue from '../state/queue';
import { t } from '../strings';
import { Actions } from './actions';

export function BulkBar() {
  const chosen = queue.chosen.value.map((row) => row.comment);
  if (chosen.length === 0) return null;
  const ids = chosen.map((comment) => comment.id);
  return (
    <section class="bulk" aria-label={t.queue.bulk}>
      <b>{t.queue.selected(chosen.length)}</b>
      <Actions comments={chosen} />
      <button type="button" class="act" onClick={() => queue.select(ids, false)}>
        {t.queue.clearSelection}
      </button>
    </section>
  );
}
