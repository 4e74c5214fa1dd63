// One author: record, standing and its history, blocks, newest comments.
import * as api from '../api';
import { When } from '../parts/bits';
import { Fact, Pending } from '../parts/list';
import { Say, StandingChip } from '../parts/standing';
import { plain } from '../parts/tree';
import { useLoaded } from '../parts/use';
import { home } from '../place';
import { href, hrefWith } from '../state/router';
import { t } from '../strings';
import { tp } from '../strings-people';
import { dateOnly, fullTime } from '../time';
import type { PersonDetail } from '../types';

export function PersonView({ site, id }: { site: string; id: string }) {
  const { data, trouble, reload, put } = useLoaded(`${site} ${id}`, () => api.readPerson(site, id));
  return (
    <div class="stack">
      <p>
        <a href={hrefWith({ person: null })}>
          ← {tp.person.back}
        </a>
      </p>
      <Pending of={{ data, trouble: trouble && `${tp.person.failed} ${trouble}`, reload }} />
      {data && <Whole found={data} put={put} />}
    </div>
  );
}

function Whole({ found, put }: { found: PersonDetail; put: (found: PersonDetail) => void }) {
  const { person } = tp;
  const { standing, record } = found;
  const subject = { id: found.id, name: found.name, standing: standing.standing, has_email: found.email !== '' };
  const facts: [string, string][] = [
    [tp.list.email, found.email || person.noEmail],
    [person.firstSeen, dateOnly(found.first_seen_at)],
    [person.decided, tp.record(found.approved, found.rejected)],
    [person.lastRejected, found.last_rejected_at ? dateOnly(found.last_rejected_at) : person.never],
    ...(record.good + record.bad > 0 ? [[person.trust, person.trustHint(record.share, record.at_least)] as [string, string]] : []),
  ];
  return (
    <>
      <h2 class="who">
        <bdi>{found.name || person.anonymous}</bdi> <span class="meta">{person.kind[found.kind]}</span>
      </h2>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
      </dl>
      {found.kind === 'guest' && <p class="hint intro">{person.guestHint}</p>}
      <p>
        <StandingChip standing={standing.standing} until={standing.until} />{' '}
        {standing.reason && <span class="meta">{standing.reason}</span>}
      </p>
      <Say site={found.site} author={subject} done={put} />
      <History found={found} />
      <Blocks found={found} />
      <Comments found={found} />
    </>
  );
}

function History({ found }: { found: PersonDetail }) {
  return (
    <section class="panel stack" aria-labelledby="person-history">
      <h3 id="person-history">{tp.person.history}</h3>
      {found.history.length === 0 && <p class="meta">{tp.person.noHistory}</p>}
      <ol class="log">
        {found.history.map((said) => (
          <li key={said.at}>
            <p>
              <b>{tp.standings[said.standing]}</b> {said.until && tp.until(fullTime(said.until))} {tp.person.by(said.by)} ·{' '}
              {said.at && <When at={said.at} />}
            </p>
            {said.reason && <p class="meta">{said.reason}</p>}
            {said.note && <p class="note">{said.note}</p>}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Blocks({ found }: { found: PersonDetail }) {
  if (found.blocks.length === 0) return null;
  return (
    <section class="panel stack" aria-labelledby="person-blocks">
      <h3 id="person-blocks">{tp.person.blocks}</h3>
      <ul class="log">
        {found.blocks.map((block) => (
          <li key={block.id}>
            <p>
              <b>{tp.blocks.effects[block.effect]}</b> · {tp.blocks.kinds[block.kind]} <bdi>{block.value}</bdi>
              {block.site === '*' && ` · ${tp.blocks.everywhere}`}
            </p>
            {block.reason && <p class="meta">{block.reason}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Comments({ found }: { found: PersonDetail }) {
  return (
    <section class="panel stack" aria-labelledby="person-comments">
      <h3 id="person-comments">{tp.person.comments}</h3>
      {found.comments.length === 0 && <p class="meta">{tp.person.noComments}</p>}
      <ol class="briefs">
        {found.comments.map((comment) => (
          <li key={comment.id} class="brief">
            <p class="meta">
              <When at={comment.created_at} /> · <span class={`state ${comment.status}`}>{t.status[comment.status]}</span>
            </p>
            <p class="brief-text" dir="auto">
              <a href={href(home, { status: 'all', author: found.id, open: comment.id })}>{plain(comment.tree).slice(0, 180) || '–'}</a>
            </p>
          </li>
        ))}
      </ol>
      {found.comments.length > 0 && <a href={href(home, { status: 'all', author: found.id })}>{tp.person.all}</a>}
    </section>
  );
}
