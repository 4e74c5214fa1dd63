// The queue's screen: tabs, filters, the list, what is new, the open comment.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Empty, Failure, Skeleton } from '../parts/bits';
import { BulkBar } from '../parts/bulk';
import { Premoderated } from '../parts/premoderated';
import { LastAct } from '../parts/lastact';
import { Filters, Tabs } from '../parts/filters';
import { lazy } from '../parts/lazy';
import { RowView } from '../parts/row';
import { restore } from '../parts/still';
import * as queue from '../state/queue';
import { hrefWith } from '../state/router';
import { say, wide } from '../state/ui';
import { t } from '../strings';

const DetailPane = lazy(async () => (await import('./detail')).DetailPane);

export function QueueView() {
  const open = queue.openId.value;
  const scrolled = useRef(0);
  const covers = Boolean(open) && !wide.value;
  // The list is hidden, not gone, while the detail covers it: it comes back where it was.
  useLayoutEffect(() => {
    if (covers) scrollTo({ top: 0, behavior: 'instant' });
    else scrollTo({ top: scrolled.current, behavior: 'instant' });
  }, [covers]);
  useEffect(() => {
    const timer = setTimeout(DetailPane.preload, 1000);
    return () => clearTimeout(timer);
  }, []);
  useLayoutEffect(() => {
    const note = () => {
      if (!document.querySelector('.list-pane')?.hasAttribute('hidden')) scrolled.current = scrollY;
    };
    addEventListener('scroll', note, { passive: true });
    return () => removeEventListener('scroll', note);
  }, []);
  return (
    <div class={open ? 'queue with-detail' : 'queue'}>
      <div class="list-pane" hidden={covers}>
        <h1 id="queue-title" tabIndex={-1}>
          {t.queue.title}
        </h1>
        <Tabs />
        <Filters />
        <Premoderated />
        <NewBar />
        <List />
        <BulkBar />
      </div>
      {open && <DetailPane id={open} />}
      {covers && <LastAct />}
    </div>
  );
}

function NewBar() {
  const n = queue.waiting.value.size;
  const some = n > 0;
  // Once when they begin to wait, not with each that joins them.
  useEffect(() => {
    if (some) say(t.queue.fresh(queue.waiting.peek().size));
  }, [some]);
  return (
    <div class="new-bar">
      {n > 0 && (
        <button type="button" onClick={() => void queue.showWaiting()}>
          {t.queue.fresh(n)}
        </button>
      )}
    </div>
  );
}

function List() {
  const rows = queue.rows.value;
  const phase = queue.phase.value;
  useLayoutEffect(restore);
  return (
    <section class="list" aria-label={t.queue.list} aria-busy={phase === 'loading'}>
      {phase === 'failed' && (
        <Failure text={`${t.queue.failed} ${queue.trouble.value}`} retry={() => void queue.load()} />
      )}
      {phase === 'loading' && rows.length === 0 && <Skeleton />}
      <SelectAll />
      <div id="spare-room" />
      <ol class={phase === 'ready' ? 'rows' : 'rows stale'}>
        {rows.map((row) => (
          <li key={row.comment.id}>
            <RowView row={row} />
          </li>
        ))}
      </ol>
      {phase === 'ready' && queue.openRows.value.length === 0 && !queue.cursor.value && <Nothing />}
      {queue.cursor.value && (
        <button type="button" class="more" disabled={queue.loadingMore.value} onClick={() => void queue.loadMore()}>
          {queue.loadingMore.value ? t.common.loading : t.common.more}
        </button>
      )}
    </section>
  );
}

function SelectAll() {
  const open = queue.openRows.value;
  if (open.length === 0) return null;
  const ids = open.map((row) => row.comment.id);
  const all = queue.chosen.value.length === ids.length;
  return (
    <label class="select-all">
      <input type="checkbox" checked={all} onChange={() => queue.select(ids, !all)} />
      {t.queue.selectAll(ids.length)}
    </label>
  );
}

function Nothing() {
  if (queue.isFiltered.value) {
    return (
      <Empty title={t.queue.noMatch}>
        <a href={hrefWith({ q: null, reason: null, author: null, page: null, at: null })}>{t.queue.clear}</a>
      </Empty>
    );
  }
  if (queue.reported.value) return <Empty title={t.queue.noReports} />;
  if (queue.status.value !== 'pending') {
    return <Empty title={t.queue.none(t.status[queue.status.value as keyof typeof t.status] ?? '')} />;
  }
  return (
    <Empty title={t.queue.empty}>
      <p class="meta">{t.queue.emptyHint}</p>
    </Empty>
  );
}
