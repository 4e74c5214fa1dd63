// One delivery: each attempt with what was sent and what was answered, and the
// very body. Answers come from a stranger's server; they are shown as text only.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { Pending } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { useAct, useLoaded } from '../parts/use';
import { home } from '../place';
import { href, hrefWith } from '../state/router';
import { th } from '../strings-hooks';
import { fullTime } from '../time';
import type { Attempt, Delivery, DeliveryDetail } from '../types';
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
        <a href={hrefWith({ delivery: null })}>← {th.backToDeliveries}</a>
      </p>
      <Pending of={{ data, trouble, reload }} />
      {data && <Whole site={site} delivery={data} />}
    </>
  );
}

function Whole({ site, delivery }: { site: string; delivery: DeliveryDetail }) {
  const { run, note, error, busy } = useAct();
  const again = () =>
    run(async () => {
      await api.redeliver(site, delivery.id);
      return th.redelivered;
    });
  return (
    <>
      <h2>
        {th.delivery} <span class="mono">{delivery.type}</span>
      </h2>
      <p>
        <StateChip state={delivery.state} />{' '}
        <span class="meta">
          {fullTime(delivery.created_at)} · <span class="mono">{delivery.event_id}</span>
        </span>
      </p>
      <div class="buttons">
        <button type="button" disabled={busy} onClick={() => void again()}>
          {th.redeliver}
        </button>
        {delivery.comment_id && (
          <a class="button" href={href(home, { site, open: delivery.comment_id })}>
            {th.toComment}
          </a>
        )}
      </div>
      <Outcome note={note} error={error} />
      {delivery.attempts_list.length === 0 && <p class="meta">{th.noAttempts}</p>}
      <ol class="attempts">
        {delivery.attempts_list.map((attempt) => (
          <li key={attempt.n}>
            <OneAttempt of={delivery} attempt={attempt} />
          </li>
        ))}
      </ol>
      <Body text={delivery.body} />
    </>
  );
}

/** Indented for reading; as it was sent for a signature. */
function Body({ text }: { text: string }) {
  const [raw, setRaw] = useState(false);
  return (
    <>
      <div class="buttons">
        <h3>{th.body}</h3>
        {[false, true].map((one) => (
          <button key={String(one)} type="button" aria-pressed={raw === one} onClick={() => setRaw(one)}>
            {one ? th.bodyRaw : th.bodyPretty}
          </button>
        ))}
      </div>
      <pre tabIndex={0} dir="ltr" aria-label={th.body}>
        {raw ? text : pretty(text)}
      </pre>
    </>
  );
}

/** The headers that follow from what is kept of an attempt. */
const headersOf = (of: Delivery, { n, at }: Attempt): [string, string][] => [
  ['webhook-id', of.event_id],
  ['webhook-timestamp', String(Math.floor(Date.parse(at) / 1000))],
  ['x-afterword-event', of.type],
  ['x-afterword-attempt', String(n)],
  ...(of.replay > 0 ? [['x-afterword-replay', String(of.replay)] as [string, string]] : []),
];

function OneAttempt({ of, attempt }: { of: Delivery; attempt: Attempt }) {
  const name = th.attempt(attempt.n);
  return (
    <>
      <h3>
        {name} <span class={attempt.class === 'ok' ? 'good' : 'bad'}>{answered(attempt)}</span>{' '}
        <span class="meta">{fullTime(attempt.at)}</span>
      </h3>
      {attempt.detail && <p class="meta">{attempt.detail}</p>}
      <details>
        <summary>{th.request}</summary>
        <dl class="request">
          {headersOf(of, attempt).map(([header, value]) => (
            <div key={header}>
              <dt>{header}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <p class="hint">{th.requestHint}</p>
      </details>
      {attempt.response ? (
        <pre tabIndex={0} dir="ltr" aria-label={`${name}: ${th.response}`}>
          {attempt.response}
        </pre>
      ) : (
        <p class="meta">{th.noResponse}</p>
      )}
    </>
  );
}
