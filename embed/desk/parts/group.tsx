// A group's card: how many say nearly the same, and each of them with what differs.
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api';
import { settled } from '../state/decide';
import { mayModerate } from '../state/sites';
import { t } from '../strings';
import { nameOfPage, tw } from '../strings-waves';
import type { Comment, Group } from '../types';
import { Actions } from './actions';
import { Chip, Failure, When } from './bits';

export function GroupPart({ comment }: { comment: Comment }) {
  const [open, setOpen] = useState(false);
  const group = comment.group as Group;
  const id = `group-${comment.id}`;
  return (
    <section class="group" aria-label={tw.group.label}>
      <p class="group-head">
        <Chip tone="warn" icon="copies">
          {tw.group.count(group.waiting)}
        </Chip>
        <span>
          {tw.group.of(group.authors, group.pages)} · {tw.group.since} <When at={group.first_at} />, {tw.group.last}{' '}
          <When at={group.last_at} />
          {before(group) && ` · ${before(group)}`}
        </span>
        <button type="button" class="quiet" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          {open ? tw.group.hide : tw.group.show(group.waiting)}
        </button>
      </p>
      <div id={id} hidden={!open}>
        {open && <Members of={comment} group={group} />}
      </div>
    </section>
  );
}

const before = ({ statuses: s }: Group) => tw.group.decided((s.rejected ?? 0) + (s.spam ?? 0), s.approved ?? 0);

const atMost = 100;

function Members({ of, group }: { of: Comment; group: Group }) {
  const [members, setMembers] = useState<Comment[] | null>(null);
  const [failed, setFailed] = useState(false);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setFailed(false);
    api
      .listComments({ site: of.site, status: 'pending', group: group.id, sort: 'oldest', limit: atMost }, stop.signal)
      .then(({ comments }) => setMembers(comments))
      .catch(() => !stop.signal.aborted && setFailed(true));
    return () => stop.abort();
  }, [group.id, group.waiting, settled.value, turn]);
  if (failed) return <Failure text={tw.group.failed} retry={() => setTurn(turn + 1)} />;
  return (
    <ol class="members">
      {(members ?? []).map((member) => (
        <Member key={member.id} member={member} first={member.id === group.id} />
      ))}
      {group.waiting > atMost && <li class="meta">{tw.group.more(group.waiting - atMost)}</li>}
    </ol>
  );
}

function Member({ member, first }: { member: Comment; first: boolean }) {
  const name = member.author.name || t.row.anonymous;
  return (
    <li>
      <p class="meta">
        <b>
          <bdi>{name}</bdi>
        </b>{' '}
        · <bdi>{nameOfPage(member.page)}</bdi> · <When at={member.created_at} />
      </p>
      <p class="source diff" dir="auto">
        {!member.diff && <span class="meta">{first ? tw.group.first : tw.group.same}</span>}
        {member.diff?.map((piece, i) => {
          if (piece.op === 'insert') return <ins key={i}>{piece.text}</ins>;
          if (piece.op === 'delete') return <del key={i}>{piece.text}</del>;
          return piece.text;
        })}
      </p>
      {mayModerate(member.site) && (
        <div class="row-foot small" role="group" aria-label={tw.group.alone(name)}>
          <Actions comments={[{ ...member, group: null, apart: member.group?.id ?? '' }]} plain />
        </div>
      )}
    </li>
  );
}
