// What can be done with an endpoint. What a test came to is shown when it comes.
import { useEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api';
import { Modal } from '../parts/dialogs';
import { Outcome } from '../parts/outcome';
import { useAct } from '../parts/use';
import { question, secret } from '../state/dialogs';
import { hrefWith } from '../state/router';
import { alert, say } from '../state/ui';
import { t } from '../strings';
import { th } from '../strings-hooks';
import type { DeliveryDetail, Endpoint } from '../types';
import { answered } from './deliveries';
import { ReplayDialog } from './replay';

export const showSecret = (made: Endpoint) => {
  if (made.secret) secret.value = { title: th.secretTitle, hint: th.secretHint, text: made.secret };
};

interface Of {
  site: string;
  endpoint: Endpoint;
  reload: () => void;
}

export function EndpointActions({ site, endpoint: one, reload, removed }: Of & { removed: () => void }) {
  const { run, busy, note, error } = useAct();
  const [asked, setAsked] = useState<'' | 'rotate' | 'replay'>('');
  const [tested, setTested] = useState('');
  const going = useRef(false); // a test may still be answered when there is nothing left to read
  const close = () => setAsked('');
  const test = () => run(async () => setTested((await api.testEndpoint(site, one.id)).delivery_id));
  const turn = (status: 'active' | 'paused') =>
    run(async () => {
      await api.changeEndpoint(site, one.id, { status });
      reload();
    });
  const rotate = (overlap: string) => run(async () => showSecret(await api.rotateEndpoint(site, one.id, overlap)));
  const remove = () =>
    run(async () => {
      going.current = true;
      setTested('');
      await api.removeEndpoint(site, one.id);
      removed();
    });
  const askRemove = () => {
    question.value = { title: th.deleteTitle, hint: th.deleteHint(one.owed), verb: th.delete, act: () => void remove() };
  };
  const active = one.status === 'active';
  return (
    <>
      <div class="buttons">
        <a class="button" href={hrefWith({ endpoint: one.id })}>
          {th.deliveries}
        </a>
        <button type="button" disabled={busy} onClick={() => void test()}>
          {th.test}
        </button>
        <a class="button" href={hrefWith({ form: one.id })}>
          {th.edit}
        </a>
        <button type="button" onClick={() => void turn(active ? 'paused' : 'active')}>
          {active ? th.pause : th.resume}
        </button>
        <button type="button" onClick={() => setAsked('replay')}>
          {th.replay.button}
        </button>
        <button type="button" onClick={() => setAsked('rotate')}>
          {th.rotate}
        </button>
        <button type="button" class="danger" onClick={askRemove}>
          {th.delete}
        </button>
      </div>
      <Outcome note={note} error={error} />
      {tested && <TestOutcome key={tested} site={site} endpoint={one} delivery={tested} reload={() => going.current || reload()} />}
      {asked === 'rotate' && <RotateDialog close={close} rotate={(overlap) => void rotate(overlap)} />}
      {asked === 'replay' && (
        <ReplayDialog site={site} endpoint={one.id} close={close} started={(what) => void run(async () => what)} />
      )}
    </>
  );
}

/** How often, and how many times, the delivery of a test is looked at. */
const every = 1000;
const looksMost = 25;

function TestOutcome({ site, endpoint: one, delivery: id, reload }: Of & { delivery: string }) {
  const [found, setFound] = useState<DeliveryDetail | null>(null);
  const [looks, setLooks] = useState(0);
  const over = (found?.attempts ?? 0) > 0;
  useEffect(() => {
    if (over || looks >= looksMost || one.status !== 'active') return;
    let live = true;
    const again = () => live && setLooks(looks + 1);
    const look = (now: DeliveryDetail) => {
      if (now.attempts === 0) return again();
      if (!live) return;
      setFound(now);
      tell(now);
      reload();
    };
    const timer = setTimeout(() => api.readDelivery(site, id).then(look, again), looks === 0 ? every / 4 : every);
    return () => {
      live = false;
      clearTimeout(timer);
    };
  }, [looks, over, one.status]);
  const words = found ? verdict(found) : looks < looksMost ? th.testing : th.testWaits;
  return (
    <p class={found ? (found.state === 'delivered' ? 'good' : 'bad') : ''}>
      {one.status === 'active' || found ? words : th.testPaused}{' '}
      <a href={hrefWith({ endpoint: one.id, delivery: id })}>{th.testSee}</a>
    </p>
  );
}

const verdict = ({ state, last }: DeliveryDetail) =>
  (state === 'delivered' ? th.testDone : th.testFailed)(last ? answered(last) : '');

const tell = (now: DeliveryDetail) => (now.state === 'delivered' ? say : alert)(verdict(now));

function RotateDialog({ close, rotate }: { close: () => void; rotate: (overlap: string) => void }) {
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const overlap = new FormData(event.currentTarget as HTMLFormElement).get('overlap');
    close();
    rotate(String(overlap));
  };
  return (
    <Modal title={th.rotateTitle} onClose={close}>
      <form onSubmit={send}>
        <fieldset class="choices">
          <legend>{th.rotateLegend}</legend>
          {th.rotateChoices.map(([overlap, text], i) => (
            <label key={overlap}>
              <input type="radio" name="overlap" value={overlap} required defaultChecked={i === 0} autofocus={i === 0} />
              {text}
            </label>
          ))}
        </fieldset>
        <div class="buttons">
          <button type="submit" class="primary danger">
            {th.rotate}
          </button>
          <button type="button" onClick={close}>
            {t.common.cancel}
          </button>
        </div>
      </form>
    </Modal>
  );
}
