// The endpoints of a site, and how each has been doing.
import * as api from '../api';
import { Chip, Empty, Failure, When } from '../parts/bits';
import { Columns, Lines } from '../parts/chart';
import type { IconName } from '../parts/icons';
import { Fact, Pending } from '../parts/list';
import { useLoaded } from '../parts/use';
import { hrefWith } from '../state/router';
import { targetNames, th } from '../strings-hooks';
import type { Endpoint, EndpointHealth, Hour } from '../types';
import { Next } from './deliveries';
import { EndpointActions } from './endpoint-actions';

export function EndpointsView({ site }: { site: string }) {
  const { data, trouble, reload } = useLoaded(site, () => api.listEndpoints(site));
  return (
    <>
      <p class="intro">{th.intro}</p>
      <div class="buttons">
        <a class="button" href={hrefWith({ form: 'new' })}>
          {th.form.add}
        </a>
      </div>
      <Pending of={{ data, trouble, reload }} rows={2} />
      {data?.endpoints.length === 0 && <Empty title={th.empty} />}
      <ul class="endpoints">
        {data?.endpoints.map((one) => (
          <li key={one.id}>
            <OneEndpoint site={site} endpoint={one} reload={reload} />
          </li>
        ))}
      </ul>
    </>
  );
}

const looks: Record<Endpoint['status'], ['ok' | 'warn' | 'danger', IconName]> = {
  active: ['ok', 'tick'],
  paused: ['warn', 'clock'],
  disabled: ['danger', 'cross'],
  gone: ['danger', 'slash'],
};

function OneEndpoint({ site, endpoint: one, reload }: { site: string; endpoint: Endpoint; reload: () => void }) {
  const health = useLoaded(one.id, () => api.endpointHealth(site, one.id));
  const [tone, icon] = looks[one.status];
  const anew = () => {
    reload();
    health.reload();
  };
  return (
    <article aria-label={one.url}>
      <h2 class="mono">{one.url}</h2>
      <p class="buttons">
        <Chip tone={tone} icon={icon}>
          {th.state[one.status]}
        </Chip>
        <Chip>{targetNames[one.target]?.[0] ?? one.target}</Chip>
        <Chip>{th.modes[one.mode]}</Chip>
        {one.behind_since && (
          <Chip tone="warn" icon="clock">
            {th.behind} <When at={one.behind_since} />
          </Chip>
        )}
        <span class="meta">{one.types.join(', ')}</span>
      </p>
      {health.trouble && <Failure text={health.trouble} retry={health.reload} />}
      {health.data && <Charts hours={health.data.hours} />}
      <Figures endpoint={one} health={health.data} />
      <EndpointActions site={site} endpoint={one} reload={anew} removed={reload} />
    </article>
  );
}

function Charts({ hours }: { hours: Hour[] }) {
  const sum = (of: 'delivered' | 'failed') => hours.reduce((n, hour) => n + hour[of], 0);
  const halves = hours.flatMap((hour) => hour.p50_ms ?? []);
  const [least, most] = halves.length > 0 ? [Math.min(...halves), Math.max(...halves)] : [null, null];
  const { legend, ...words } = th.health;
  return (
    <div class="charts">
      <figure>
        <figcaption>
          {words.calls} <Legend of={['good', 'bad']} />
        </figcaption>
        <Columns
          label={words.callsSentence(sum('delivered'), sum('failed'))}
          pairs={hours.map((hour) => [hour.delivered, hour.failed])}
        />
      </figure>
      <figure>
        <figcaption>
          {words.times} <Legend of={['p50', 'p95']} />
        </figcaption>
        <Lines
          label={words.timesSentence(least, most)}
          lines={(['p95', 'p50'] as const).map((name) => ({ name, values: hours.map((hour) => hour[`${name}_ms`]) }))}
        />
      </figure>
    </div>
  );
}

function Legend({ of }: { of: (keyof typeof th.health.legend)[] }) {
  return (
    <>
      {of.map((name) => (
        <span key={name} class={`legend ${name}`}>
          {th.health.legend[name]}
        </span>
      ))}
    </>
  );
}

function Figures({ endpoint: one, health }: { endpoint: Endpoint; health: EndpointHealth | null }) {
  const words = th.health;
  const failed = health ? health.failed + health.retrying : 0;
  return (
    <dl class="facts">
      {health && (
        <>
          <Fact name={words.share} bad={failed > health.delivered}>
            {words.shareOf(health.delivered, health.delivered + failed)}
          </Fact>
          <Fact name={words.took}>{words.tookOf(health.p50_ms, health.p95_ms)}</Fact>
          <Fact name={words.next}>
            {health.next_attempt_at && <Next at={health.next_attempt_at} />}
            {!health.next_attempt_at && (one.owed > 0 ? words.notCalled : th.none)}
          </Fact>
        </>
      )}
      <Fact name={words.owed}>
        {one.owed.toLocaleString('en')}
        {health?.oldest_owed_at && (
          <>
            , {words.oldest} <When at={health.oldest_owed_at} />
          </>
        )}
      </Fact>
      <Fact name={words.lastSuccess}>{one.last_success_at ? <When at={one.last_success_at} /> : th.never}</Fact>
      <Fact name={words.lastFailure}>
        {one.last_failure_at ? <When at={one.last_failure_at} /> : th.never}
        {one.last_failure && ` (${one.last_failure})`}
      </Fact>
      <Fact name={words.failures} bad={one.failures > 0}>
        {one.failures}
      </Fact>
    </dl>
  );
}
