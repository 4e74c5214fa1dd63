// Everything about one comment: a third pane beside the list, or a page of its own.
import { useEffect, useRef } from 'preact/hooks';
import { Actions } from '../parts/actions';
import { Failure, Skeleton } from '../parts/bits';
import { Body } from '../parts/body';
import { AuthorPart, DecisionsPart, ReportsPart, ThreadPart } from '../parts/context';
import { Icon } from '../parts/icons';
import { Reasons } from '../parts/reasons';
import { Head } from '../parts/row';
import { RevisionsPart, TracePart } from '../parts/trace';
import { detail, load, trouble } from '../state/detail';
import { closeDetail } from '../state/keys';
import { mayModerate } from '../state/sites';
import * as queue from '../state/queue';
import { wide } from '../state/ui';
import { t } from '../strings';
import { td } from '../strings-detail';
import { tr } from '../strings-house';
import type { Detail } from '../types';

export function DetailPane({ id }: { id: string }) {
  const title = useRef<HTMLHeadingElement>(null);
  const found = detail.value;
  const Title = wide.value ? 'h2' : 'h1';
  // Opening takes the focus, and so does a neighbour; walking through the list beside it does not.
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    const follows = wide.value && queue.current.value === id;
    if (follows) return;
    if (!wide.value) scrollTo({ top: 0, behavior: 'instant' });
    title.current?.focus({ preventScroll: true });
  }, [id]);
  return (
    <section class="detail" aria-labelledby="detail-title">
      <div class={wide.value ? 'detail-bar' : 'detail-bar back-first'}>
        <Title id="detail-title" ref={title} tabIndex={-1}>
          {td.title}
        </Title>
        <button type="button" class="act" aria-keyshortcuts="Escape" onClick={closeDetail}>
          {!wide.value && <Icon name="left" />}
          {wide.value ? t.common.close : td.back}
        </button>
      </div>
      {trouble.value && <Failure text={`${td.failed} ${trouble.value}`} retry={() => void load(id)} />}
      {!found && !trouble.value && <Skeleton rows={3} />}
      {found && <Whole key={found.id} found={found} />}
    </section>
  );
}

function Whole({ found }: { found: Detail }) {
  const row = queue.find(found.id);
  const busy = row?.mark.kind === 'acted' && !row.mark.sent;
  return (
    <>
      <div class="detail-scroll">
        <Head comment={found} level={wide.value ? 3 : 2} />
        <p class="meta">
          <span class={`state ${found.status}`}>{t.status[found.status]}</span>
        </p>
        <Body key={`${found.id}.${found.revision}`} comment={found} whole />
        <section class="because" aria-labelledby="part-why">
          <h3 id="part-why">{tr.detail.why}</h3>
          <p>{found.why}</p>
          <Reasons comment={found} />
        </section>
        <DecisionsPart found={found} />
        <ThreadPart found={found} />
        <AuthorPart found={found} />
        <ReportsPart found={found} />
        <RevisionsPart found={found} />
        <TracePart steps={found.trace} />
      </div>
      {mayModerate(found.site) && !busy && (
        <div class="detail-actions" role="group" aria-label={t.row.actions}>
          <Actions comments={[found]} />
        </div>
      )}
    </>
  );
}
