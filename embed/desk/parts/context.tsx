// What surrounds a comment: its author, its thread, what was decided, who reported it.
import { home } from '../place';
import { undo } from '../state/decide';
import { href, hrefWith } from '../state/router';
import { t } from '../strings';
import { td } from '../strings-detail';
import { tr } from '../strings-house';
import { checkName, words } from '../strings-reasons';
import { dateOnly } from '../time';
import type { Comment, Detail, LoggedDecision } from '../types';
import { When } from './bits';
import { AuthorSay } from './standing';
import { plain } from './tree';

/** A neighbour in one or two lines; its link opens it in the same place. */
function Brief({ comment, here = false }: { comment: Comment; here?: boolean }) {
  const text = plain(comment.tree);
  const first = text.length > 180 ? `${text.slice(0, 180)}…` : text;
  return (
    <div class={here ? 'brief here' : 'brief'}>
      <p class="meta">
        <bdi>{comment.author.name || t.row.anonymous}</bdi> · <When at={comment.created_at} /> ·{' '}
        <span class={`state ${comment.status}`}>{t.status[comment.status]}</span>
      </p>
      <p class="brief-text" dir="auto">
        {here ? <em>{td.here}</em> : <a href={hrefWith({ open: comment.id })}>{first}</a>}
      </p>
    </div>
  );
}

export function ThreadPart({ found }: { found: Detail }) {
  const { ancestors, siblings_before, siblings_after, replies } = found.thread;
  const alone = ancestors.length + siblings_before.length + siblings_after.length + replies.length === 0;
  const level = (list: Comment[]) =>
    list.map((comment) => (
      <li key={comment.id}>
        <Brief comment={comment} />
      </li>
    ));
  return (
    <section aria-labelledby="part-thread">
      <h3 id="part-thread">{td.thread}</h3>
      {alone ? (
        <p class="meta">{td.noThread}</p>
      ) : (
        <ol class="thread">
          {level(ancestors)}
          {level(siblings_before)}
          <li>
            <Brief comment={found} here />
            {replies.length > 0 && <ol>{level(replies)}</ol>}
          </li>
          {level(siblings_after)}
        </ol>
      )}
      <a href={href(home, { status: 'all', site: found.site, page: found.page.key })}>{td.pageWide}</a>
    </section>
  );
}

export function AuthorPart({ found }: { found: Detail }) {
  const { history, author } = found;
  const others = history.comments.filter((comment) => comment.id !== found.id);
  return (
    <section aria-labelledby="part-author">
      <h3 id="part-author">{td.author}</h3>
      <p class="meta">
        {t.row.record(history.approved, history.rejected)}
        {author.first_seen_at && (
          <>
            {' '}
            · {td.firstSeen} {dateOnly(author.first_seen_at)}
          </>
        )}
      </p>
      <AuthorSay key={author.id} site={found.site} author={author} />
      {others.length === 0 ? (
        <p class="meta">{td.noHistory}</p>
      ) : (
        <>
          <ol class="briefs">
            {others.map((comment) => (
              <li key={comment.id}>
                <Brief comment={comment} />
              </li>
            ))}
          </ol>
          <a href={href(home, { status: 'all', author: author.id })}>{t.row.siteWide}</a>
        </>
      )}
    </section>
  );
}

export function DecisionsPart({ found }: { found: Detail }) {
  return (
    <section aria-labelledby="part-decisions">
      <h3 id="part-decisions">{td.decisions}</h3>
      {found.decisions.length === 0 && <p class="meta">{td.noDecisions}</p>}
      <ol class="log">
        {found.decisions.map((decision) => (
          <li key={decision.decision_id} class={decision.state}>
            <Decided decision={decision} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Decided({ decision }: { decision: LoggedDecision }) {
  const { by, reason, note, state } = decision;
  return (
    <>
      <p>
        <b>{t.done[decision.action]}</b> {by.name || by.kind} · <When at={decision.at} />
      </p>
      <p class="meta">
        {td.moves(decision.from, decision.to)} · {td.revision(decision.revision)}
        {reason && ` · ${t.reasons.list[reason] ?? words(reason)}`}
        {td.states[state] && ` · ${td.states[state]}`}{' '}
        {state === 'held' && (
          <button type="button" class="quiet" onClick={() => void undo(decision.decision_id)}>
            {t.row.undo}
          </button>
        )}
      </p>
      {note && <p class="note">{note}</p>}
      <Explained decision={decision} />
    </>
  );
}

/** What the author was told, what they said to that, and what somebody else thought. */
function Explained({ decision: { action, clause, statement, appeal, second_look: look } }: { decision: LoggedDecision }) {
  const words = tr.detail;
  return (
    <>
      {clause && (
        <p class="meta">
          {words.rule}: <bdi>{`${clause.number} ${clause.title}`}</bdi>
        </p>
      )}
      {statement && (
        <details>
          <summary>{words.told}</summary>
          <p class="note as-written" dir="auto">
            {statement.message}
          </p>
          <p class="meta">
            {statement.automation.decided && `${words.machine} `}
            {statement.automation.detected && `${words.detected(statement.automation.checks.map(checkName).join(', '))} `}
            {statement.appeal_until && `${words.until} ${dateOnly(statement.appeal_until)}.`}
          </p>
        </details>
      )}
      {appeal && (
        <>
          <p class="meta">
            {words.appeal}: <b>{words.appealStates[appeal.state]}</b> · <When at={appeal.created_at} />
          </p>
          <p class="note as-written" dir="auto">
            {appeal.text}
          </p>
          {appeal.answer && (
            <p class="note as-written" dir="auto">
              {appeal.answer}
            </p>
          )}
        </>
      )}
      {look && (
        <p class="meta">
          {words.second}: {words.agrees(action, look.verdict)} · <When at={look.at} />
        </p>
      )}
    </>
  );
}

export function ReportsPart({ found }: { found: Detail }) {
  return (
    <section aria-labelledby="part-reports">
      <h3 id="part-reports">{td.reports}</h3>
      {found.report_list.length === 0 && <p class="meta">{td.noReports}</p>}
      <ul class="log">
        {found.report_list.map((report, i) => (
          <li key={i}>
            <p>
              <b>{words(report.reason)}</b> · <When at={report.at} /> · {td.weight(report.weight)} · {td.outcomes[report.outcome]}
            </p>
            {report.note && <p class="note">{report.note}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}
