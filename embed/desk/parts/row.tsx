// One place in the queue: the comment while it is open, a line once it is decided.
import { serverNow } from '../http';
import { renew, undo } from '../state/decide';
import { openDetail } from '../state/keys';
import * as queue from '../state/queue';
import { mayModerate, nameOf } from '../state/sites';
import { minute } from '../state/ui';
import { t } from '../strings';
import { ago, fullTime, lateness, span } from '../time';
import type { Comment } from '../types';
import { Actions } from './actions';
import { Chip, Key, When } from './bits';
import { Body } from './body';
import { GroupPart } from './group';
import { Icon } from './icons';
import { ActedLine, OtherLine } from './line';
import { Reasons } from './reasons';

export const nameOfAuthor = (comment: Comment) => comment.author.name || t.row.anonymous;

export function RowView({ row }: { row: queue.Row }) {
  const { comment, mark } = row;
  if (mark.kind === 'acted') return <ActedLine comment={comment} mark={mark} />;
  if (mark.kind === 'other' && mark.folded) return <OtherLine comment={comment} mark={mark} />;
  const isCurrent = queue.current.value === comment.id;
  const over = mark.kind === 'other';
  return (
    <article
      id={`row-${comment.id}`}
      class={`row${isCurrent ? ' current' : ''}${over ? ' over' : ''}`}
      tabIndex={-1}
      aria-label={t.row.by(nameOfAuthor(comment), ago(comment.created_at, serverNow()))}
      aria-current={isCurrent ? 'true' : undefined}
      onFocusIn={() => queue.setCurrent(comment.id)}
      onClick={() => queue.setCurrent(comment.id)}
    >
      <Tick comment={comment} off={over} />
      <div class="row-main">
        <Head comment={comment} />
        <div class="said">
          <Quote comment={comment} />
          <Body key={`${comment.id}.${comment.revision}`} comment={comment} />
        </div>
        <Reasons comment={comment} counted={queue.weight(comment) > 1} />
        {queue.weight(comment) > 1 && <GroupPart comment={comment} />}
        <Notices comment={comment} mark={over ? {} : mark} />
        <div class="foot-place">
          <Foot comment={comment} />
          {over && <p class="notice">{otherText(mark)}</p>}
        </div>
      </div>
    </article>
  );
}

const otherText = (mark: { status: Comment['status']; by: string; late: boolean }) =>
  mark.late ? t.row.late(mark.status, mark.by) : t.row.other(mark.status, mark.by);

function Tick({ comment, off }: { comment: Comment; off: boolean }) {
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={queue.selected.value.has(comment.id)}
        disabled={off || !mayModerate(comment.site)}
        onChange={() => queue.toggle(comment.id)}
        aria-label={t.row.select(nameOfAuthor(comment))}
        aria-keyshortcuts="x"
      />
    </label>
  );
}

/** What was decided about the author before; nothing where the reasons say already that nothing was. */
function record({ author: { approved, rejected }, reasons }: Comment): string {
  if (approved + rejected > 0) return t.row.record(approved, rejected);
  return reasons.some((reason) => reason.code === 'first_comment') ? '' : t.row.first;
}

export function Head({ comment, level = 2 }: { comment: Comment; level?: 2 | 3 }) {
  const { author } = comment;
  const Name = level === 2 ? 'h2' : 'h3';
  const known = record(comment);
  return (
    <header class="row-head">
      <Name class="who">
        <bdi>{nameOfAuthor(comment)}</bdi>
      </Name>
      {author.badge && <Chip>{author.badge}</Chip>}
      {known && <span class="meta record">{known}</span>}
      <Age comment={comment} />
      <p class="where meta">
        {t.row.on}{' '}
        <a href={comment.page.url} target="_blank" rel="noopener noreferrer">
          {comment.page.title || comment.page.url}
        </a>
        <span> · {nameOf(comment.site)}</span>
        {comment.revision > 1 && <span> · {t.row.edited(comment.revision)}</span>}
        {comment.public_revision > 0 && comment.public_revision < comment.revision && (
          <span> · {t.row.public(comment.public_revision)}</span>
        )}
      </p>
    </header>
  );
}

/** How long it has been waiting; for decided ones when it was written. */
function Age({ comment }: { comment: Comment }) {
  void minute.value;
  const waited = serverNow() - Date.parse(comment.created_at);
  const late = comment.status === 'pending' ? lateness(waited) : 'calm';
  return (
    <time class={`age ${late}`} dateTime={comment.created_at} title={fullTime(comment.created_at)}>
      {late !== 'calm' && <Icon name="clock" />}
      {comment.status === 'pending' ? span(waited) : ago(comment.created_at, serverNow())}
    </time>
  );
}

function Quote({ comment: { parent, parent_id } }: { comment: Comment }) {
  if (!parent_id) return null;
  if (!parent) return <p class="quote">{t.row.replyGone}</p>;
  return (
    <p class="quote">
      {t.row.replyTo} <b>{parent.author || t.row.anonymous}</b>: {parent.text}
    </p>
  );
}

function Notices({ comment, mark }: { comment: Comment; mark: { trouble?: string; newer?: boolean } }) {
  const { held, decided } = comment;
  return (
    <>
      {mark.trouble && (
        <p class="notice bad">{mark.trouble}</p>
      )}
      {mark.newer && (
        <p class="notice">
          {!mark.trouble && t.row.newer}{' '}
          <button type="button" class="quiet" onClick={() => void renew(comment.id)}>
            {t.row.showNewer}
          </button>
        </p>
      )}
      {held && (
        <p class="notice">
          {t.row.held(held.action, held.by)}{' '}
          <button type="button" class="quiet" onClick={() => void undo(held.decision_id)}>
            {t.row.undo}
          </button>
        </p>
      )}
      {!held && decided && (
        <p class="meta decided">
          {t.row.decided(decided.action, decided.by, '')}
          <When at={decided.at} />
          {decided.reason && <> ({t.reasons.list[decided.reason] ?? decided.reason})</>}
        </p>
      )}
    </>
  );
}

function Foot({ comment }: { comment: Comment }) {
  return (
    <div class="row-foot" role="group" aria-label={t.row.actions}>
      {mayModerate(comment.site) && <Actions comments={[comment]} />}
      <button type="button" class="act details" aria-keyshortcuts="Enter" onClick={() => openDetail(comment.id)}>
        {t.row.details}
        <Key name="↵" />
      </button>
    </div>
  );
}
