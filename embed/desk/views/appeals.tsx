// Authors who ask for another look at a decision, and the answers that they got.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { Chip, Empty, Field, When } from '../parts/bits';
import { Choice } from '../parts/filters';
import { Paged } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { Tree } from '../parts/tree';
import { useAct, usePages } from '../parts/use';
import { home } from '../place';
import { user } from '../session';
import { amend, href, param } from '../state/router';
import { mayModerate } from '../state/sites';
import { t } from '../strings';
import { tr } from '../strings-house';
import type { Appeal, AppealState } from '../types';
import { Ground } from './ground';

const words = tr.appeals;
const state = param('state');

export function AppealsView({ site }: { site: string }) {
  const which = (state.value || 'open') as AppealState;
  const pages = usePages(`${site} ${which}`, 'appeals', (cursor) => api.listAppeals(site, which, cursor));
  const replace = (now: Appeal) => pages.put((pages.items ?? []).map((one) => (one.id === now.id ? now : one)));
  return (
    <>
      <p class="intro">{words.intro}</p>
      <div class="buttons">
        <Choice
          label={t.queue.statuses}
          value={which}
          choices={Object.entries(words.states)}
          onPick={(code) => amend({ state: code === 'open' ? null : code }, false)}
        />
      </div>
      <Paged of={pages} empty={<Empty title={words.empty[which] ?? ''} />}>
        {(appeals) => (
          <ul class="endpoints">
            {appeals.map((one) => (
              <li key={one.id}>
                <OneAppeal site={site} appeal={one} put={replace} />
              </li>
            ))}
          </ul>
        )}
      </Paged>
    </>
  );
}

interface OneProps {
  site: string;
  appeal: Appeal;
  put: (now: Appeal) => void;
}

function OneAppeal({ site, appeal: one, put }: OneProps) {
  const { comment, decision } = one;
  const name = comment.author.name || t.row.anonymous;
  return (
    <article class="case" aria-labelledby={`appeal-${one.id}`}>
      <h2 id={`appeal-${one.id}`}>
        <bdi>{name}</bdi>{' '}
        {one.state !== 'open' && (
          <Chip tone={one.state === 'upheld' ? 'plain' : 'ok'}>{words.states[one.state]}</Chip>
        )}
      </h2>
      <p class="meta">
        <bdi>{comment.page.title || comment.page.url}</bdi> · {words.made} <When at={one.created_at} /> ·{' '}
        <a href={href(home, { status: 'all', open: comment.id })}>{words.details}</a>
      </p>
      <div class="case-texts">
        <section aria-label={words.comment}>
          <h3>{words.comment}</h3>
          <div class="words" dir="auto">
            <Tree nodes={comment.tree} />
          </div>
        </section>
        <section aria-label={words.says}>
          <h3>{words.says}</h3>
          <p class="words as-written" dir="auto">
            {one.text}
          </p>
        </section>
      </div>
      <p class="meta">
        {words.first}: <b>{t.done[decision.action]}</b> · {decision.by.name || decision.by.kind} · <When at={decision.at} />
        <Ground clause={decision.clause} reason={decision.reason ?? ''} />
      </p>
      {one.state === 'open' ? <Open site={site} appeal={one} put={put} /> : <Closed appeal={one} />}
    </article>
  );
}

function Closed({ appeal: one }: { appeal: Appeal }) {
  return (
    <>
      <p class="meta">
        {words.by(one.decided_by?.name ?? '')}
        {one.decided_at && (
          <>
            , <When at={one.decided_at} />
          </>
        )}
      </p>
      <p class="note as-written" dir="auto">
        {one.answer}
      </p>
    </>
  );
}

/** Why the user may not decide, as far as they can be told. */
function barred(site: string, one: Appeal): string {
  if (!mayModerate(site)) return words.watching;
  if (one.assignee && one.assignee.id !== user.value?.id) return words.assigned(one.assignee.name);
  return `${words.own} ${one.others > 0 ? words.others(one.others) : words.nobody}`;
}

function Open({ site, appeal: one, put }: OneProps) {
  const { run, busy, note, error } = useAct();
  const [answer, setAnswer] = useState('');
  const mine = one.assignee?.id === user.value?.id;
  if (!one.may_decide) return <p class="notice">{barred(site, one)}</p>;
  const take = () =>
    run(async () => {
      put(await api.assignAppeal(site, one.id, mine ? null : (user.value?.id ?? null)));
      return mine ? words.given : words.taken;
    });
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const verb = (event.submitter as HTMLButtonElement | null)?.value ?? '';
    const outcome = verb === 'uphold' ? 'upheld' : 'overturned';
    void run(async () => {
      const restore = verb === 'restore' ? { restore: true } : {};
      put(await api.decideAppeal(site, one.id, { outcome, answer, ...restore }));
      return words.done[outcome];
    });
  };
  const id = `answer-${one.id}`;
  return (
    <form class="stack" onSubmit={send}>
      {one.assignee && !mine && <p class="notice">{words.takenBy(one.assignee.name)}</p>}
      <Field id={id} label={words.answer} hint={words.answerHint}>
        <textarea
          id={id}
          rows={3}
          required
          maxLength={4000}
          dir="auto"
          aria-describedby={`${id}-hint`}
          value={answer}
          onInput={(event) => setAnswer(event.currentTarget.value)}
        />
      </Field>
      <div class="buttons">
        <button type="submit" value="uphold" disabled={busy}>
          {words.uphold}
        </button>
        <button type="submit" class="primary" value="overturn" disabled={busy}>
          {words.overturn}
        </button>
        <button type="submit" value="restore" disabled={busy}>
          {words.restore}
        </button>
        <button type="button" class="plain" disabled={busy} onClick={() => void take()}>
          {mine ? words.drop : words.take}
        </button>
        <Outcome note={note} error={error} />
      </div>
    </form>
  );
}
