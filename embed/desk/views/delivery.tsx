// One delivery: each attempt with its answer, and the very body that was sent.
// Answers come from a stranger's server; they are shown as text only.
import * as api from '../api';
import { Failure, Skeleton } from '../parts/bits';
import { Outcome } from '../parts/outcome';
import { useAct, useLoaded } from '../parts/use';
import { hrefWith } from '../state/router';
import { ta } from '../strings-admin';
import { fullTime } from '../time';
import type { Attempt, DeliveryDetail } from '../types';
import { answered, StateChip } from './deliveries';

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

export function DeliveryView({ site, id }: { site: string; id: string }) {
  const { data, trouble, reload } = useLoaded(id, () => api.readDelivery(site, id));
  return (
    <>
      <p>
        <a href={hrefWith({ delivery: null })}>← {ta.hooks.backToDeliveries}</a>
      </p>
      {trouble && <Failure text={trouble} retry={reload} />}
      {!data && !trouble && <Skeleton rows={3} />}
      {data && <Whole site={site} delivery={data} />}
    </>
  );
}

function Whole({ site, delivery }: { site: string; delivery: DeliveryDetail }) {
  const { run, note, error, busy } = useAct();
  const again = () =>
    run(async () => {
      await api.redeliver(site, delivery.id);
      return ta.hooks.redelivered;
    });
  return (
    <>
      <h2>
        {ta.hooks.delivery} <span class="mono">{delivery.type}</span>
      </h2>
      <p>
        <StateChip state={delivery.state} />{' '}
        <span class="meta">
          {fullTime(delivery.created_at)} · <span class="mono">{delivery.event_id}</span>
        </span>
      </p>
      <div class="buttons">
        <button type="button" disabled={busy} onClick={() => void again()}>
          {ta.hooks.redeliver}
        </button>
      </div>
      <Outcome note={note} error={error} />
      {delivery.attempts_list.length === 0 && <p class="meta">{ta.hooks.noAttempts}</p>}
      <ol class="attempts">
        {delivery.attempts_list.map((attempt) => (
          <li key={attempt.n}>
            <OneAttempt attempt={attempt} />
          </li>
        ))}
      </ol>
      <h3>{ta.hooks.body}</h3>
      <pre tabIndex={0} aria-label={ta.hooks.body}>
        {pretty(delivery.body)}
      </pre>
    </>
  );
}

function OneAttempt({ attempt }: { attempt: Attempt }) {
  const name = `${ta.hooks.attempt(attempt.n)}: ${ta.hooks.response}`;
  return (
    <>
      <h3>
        {ta.hooks.attempt(attempt.n)}{' '}
        <span class={attempt.class === 'ok' ? 'good' : 'bad'}>{answered(attempt)}</span>{' '}
        <span class="meta">{fullTime(attempt.at)}</span>
      </h3>
      {attempt.detail && <p class="meta">{attempt.detail}</p>}
      {attempt.response ? (
        <pre tabIndex={0} aria-label={name}>
          {attempt.response}
        </pre>
      ) : (
        <p class="meta">{ta.hooks.noResponse}</p>
      )}
    </>
  );
}
