// Webhooks of one site: its endpoints and their health. Deliveries are the
// next step down; the address says how deep one is.
import { useRef } from 'preact/hooks';
import * as api from '../api';
import { Chip, Empty, Failure, Field, Skeleton, When } from '../parts/bits';
import type { IconName } from '../parts/icons';
import { Outcome } from '../parts/outcome';
import { SecretDialog } from '../parts/secret';
import { ForSite } from '../parts/sitepicker';
import { useAct, useLoaded } from '../parts/use';
import { question, secret } from '../state/dialogs';
import { hrefWith, param } from '../state/router';
import { ta } from '../strings-admin';
import type { Endpoint } from '../types';
import { DeliveriesView } from './deliveries';
import { DeliveryView } from './delivery';

const endpoint = param('endpoint');
const delivery = param('delivery');

const types = [
  'comment.approved',
  'comment.created',
  'comment.rejected',
  'comment.marked_spam',
  'comment.edited',
  'comment.deleted',
  'comment.restored',
  'comment.erased',
  'comment.reported',
  'page.closed',
  'page.opened',
];

export function WebhooksView() {
  return (
    <ForSite title={ta.hooks.title}>
      {(site) => {
        if (delivery.value) return <DeliveryView key={delivery.value} site={site.key} id={delivery.value} />;
        if (endpoint.value) return <DeliveriesView key={endpoint.value} site={site.key} endpoint={endpoint.value} />;
        return <Endpoints key={site.key} site={site.key} />;
      }}
    </ForSite>
  );
}

function Endpoints({ site }: { site: string }) {
  const { data, trouble, reload } = useLoaded(site, () => api.listEndpoints(site));
  return (
    <>
      <p class="intro">{ta.hooks.intro}</p>
      {trouble && <Failure text={trouble} retry={reload} />}
      {!data && !trouble && <Skeleton rows={2} />}
      {data?.endpoints.length === 0 && <Empty title={ta.hooks.empty} />}
      <ul class="endpoints">
        {data?.endpoints.map((one) => (
          <li key={one.id}>
            <OneEndpoint site={site} endpoint={one} reload={reload} />
          </li>
        ))}
      </ul>
      <AddEndpoint site={site} done={reload} />
      {secret.value && <SecretDialog />}
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
  const [tone, icon] = looks[one.status];
  return (
    <article aria-label={one.url}>
      <h2 class="mono">{one.url}</h2>
      <p>
        <Chip tone={tone} icon={icon}>
          {ta.hooks.state[one.status]}
        </Chip>{' '}
        <span class="meta">{one.types.join(', ')}</span>
      </p>
      <dl class="facts">
        <div>
          <dt>{ta.hooks.lastSuccess}</dt>
          <dd>{one.last_success_at ? <When at={one.last_success_at} /> : ta.hooks.never}</dd>
        </div>
        <div>
          <dt>{ta.hooks.lastFailure}</dt>
          <dd>
            {one.last_failure_at ? <When at={one.last_failure_at} /> : ta.hooks.never}
            {one.last_failure && ` (${one.last_failure})`}
          </dd>
        </div>
        <div>
          <dt>{ta.hooks.failures}</dt>
          <dd class={one.failures > 0 ? 'bad' : ''}>{one.failures}</dd>
        </div>
        <div>
          <dt>{ta.hooks.owed}</dt>
          <dd>{one.owed}</dd>
        </div>
      </dl>
      <EndpointActions site={site} endpoint={one} reload={reload} />
    </article>
  );
}

const showSecret = (made: Endpoint) => {
  if (made.secret) secret.value = { title: ta.hooks.secretTitle, hint: ta.hooks.secretHint, text: made.secret };
};

function EndpointActions({ site, endpoint: one, reload }: { site: string; endpoint: Endpoint; reload: () => void }) {
  const { run, note, error } = useAct();
  const test = () =>
    run(async () => {
      await api.testEndpoint(site, one.id);
      return ta.hooks.tested;
    });
  const turn = (status: 'active' | 'paused') =>
    run(async () => {
      await api.changeEndpoint(site, one.id, { status });
      reload();
    });
  const rotate = () => run(async () => showSecret(await api.rotateEndpoint(site, one.id)));
  const remove = () =>
    run(async () => {
      await api.removeEndpoint(site, one.id);
      reload();
    });
  const ask = (title: string, hint: string, verb: string, act: () => void) => {
    question.value = { title, hint, verb, act };
  };
  return (
    <>
      <div class="buttons">
        <a class="button" href={hrefWith({ site, endpoint: one.id })}>
          {ta.hooks.deliveries}
        </a>
        <button type="button" onClick={() => void test()}>
          {ta.hooks.test}
        </button>
        {one.status !== 'gone' && (
          <button type="button" onClick={() => void turn(one.status === 'active' ? 'paused' : 'active')}>
            {one.status === 'active' ? ta.hooks.pause : ta.hooks.resume}
          </button>
        )}
        <button type="button" onClick={() => ask(ta.hooks.rotateTitle, ta.hooks.rotateHint, ta.hooks.rotate, rotate)}>
          {ta.hooks.rotate}
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => ask(ta.hooks.deleteTitle, ta.hooks.deleteHint(one.owed), ta.hooks.delete, remove)}
        >
          {ta.hooks.delete}
        </button>
      </div>
      <Outcome note={note} error={error} />
    </>
  );
}

function AddEndpoint({ site, done }: { site: string; done: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const { run, busy, error } = useAct();
  const add = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    void run(async () => {
      showSecret(await api.addEndpoint(site, String(data.get('url')), data.getAll('types').map(String)));
      form.current?.reset();
      done();
    });
  };
  return (
    <form ref={form} class="stack panel" onSubmit={add}>
      <h2>{ta.hooks.addTitle}</h2>
      <Field id="hook-url" label={ta.hooks.url} error={error || undefined}>
        <input
          id="hook-url"
          name="url"
          type="url"
          required
          placeholder="https://news.example/hooks/comments"
          aria-describedby={error ? 'hook-url-error' : undefined}
        />
      </Field>
      <fieldset class="choices columns">
        <legend>{ta.hooks.types}</legend>
        {types.map((type, i) => (
          <label key={type}>
            <input type="checkbox" name="types" value={type} defaultChecked={i === 0} />
            <span class="mono">{type}</span>
          </label>
        ))}
      </fieldset>
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy}>
          {ta.hooks.add}
        </button>
      </div>
    </form>
  );
}
