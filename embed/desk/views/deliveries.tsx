// What one endpoint was sent, is still owed, or could not take.
import * as api from '../api';
import { serverNow } from '../http';
import { Chip, Empty, When } from '../parts/bits';
import { Choice } from '../parts/filters';
import type { IconName } from '../parts/icons';
import { Paged, Table, Tabs } from '../parts/list';
import { usePages } from '../parts/use';
import { amend, hrefWith, param } from '../state/router';
import { eventTypes, th } from '../strings-hooks';
import type { Delivery } from '../types';

const state = param('state');
const states = { '': th.all, ...th.states };
const { col } = th;
const looks: Record<Delivery['state'], ['ok' | 'warn' | 'danger' | 'plain', IconName]> = {
  delivered: ['ok', 'tick'],
  owed: ['warn', 'clock'],
  failed: ['danger', 'cross'],
  cancelled: ['plain', 'slash'],
};

export function StateChip({ state: of }: { state: Delivery['state'] }) {
  const [tone, icon] = looks[of];
  return (
    <Chip tone={tone} icon={icon}>
      {th.states[of]}
    </Chip>
  );
}

const type = param('type');
const since = param('since');
const until = param('until');
const cleared = { state: null, type: null, since: null, until: null };

/** A day of this browser's calendar, as the moment of its first or last instant. */
function moment(day: string, after: number): string {
  const at = new Date(`${day}T00:00`);
  at.setDate(at.getDate() + after);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

export function DeliveriesView({ site, endpoint }: { site: string; endpoint: string }) {
  const by = {
    state: state.value,
    type: type.value,
    since: moment(since.value, 0),
    until: moment(until.value, 1),
  };
  const key = `${endpoint} ${Object.values(by).join(' ')}`;
  const pages = usePages(key, 'deliveries', (cursor) => api.listDeliveries(site, endpoint, by, cursor), 1);
  return (
    <>
      <p>
        <a href={hrefWith({ ...cleared, endpoint: null })}>← {th.backToEndpoints}</a>
      </p>
      <h2>{th.deliveries}</h2>
      <Tabs label={th.deliveries} texts={states} at={by.state} to={(code) => hrefWith({ state: code })} />
      <Filters />
      <Paged of={pages} empty={<Empty title={th.noDeliveries} />}>
        {(deliveries) => (
          <Table heads={[col.type, col.state, col.attempts, col.last, col.next, col.made]}>
            {deliveries.map((one) => (
              <DeliveryRow key={one.id} delivery={one} />
            ))}
          </Table>
        )}
      </Paged>
    </>
  );
}

const types: [string, string][] = [
  ['', th.anyType],
  ...[...eventTypes.map(([code]) => code), 'endpoint.ping'].map((code): [string, string] => [code, code]),
];

function Filters() {
  return (
    <div class="buttons">
      <Choice label={th.type} value={type.value} choices={types} onPick={(code) => amend({ type: code || null })} />
      <Day label={th.since} value={since.value} pick={(day) => amend({ since: day || null })} />
      <Day label={th.until} value={until.value} pick={(day) => amend({ until: day || null })} />
    </div>
  );
}

function Day({ label, value, pick }: { label: string; value: string; pick: (day: string) => void }) {
  return (
    <label class="day">
      {label}
      <input type="date" value={value} onChange={(event) => pick(event.currentTarget.value)} />
    </label>
  );
}

/** When it is called next; what waits for its turn, or for its endpoint, is due. */
export const Next = ({ at }: { at: string }) => (Date.parse(at) > serverNow() ? <When at={at} /> : <>{th.due}</>);

export const answered = (last: { status: number | null; class: string; ms: number }) =>
  `${last.status ?? last.class} · ${last.ms.toLocaleString('en')} ms`;

function DeliveryRow({ delivery: one }: { delivery: Delivery }) {
  return (
    <tr>
      <td data-label={col.type}>
        <a class="mono" href={hrefWith({ delivery: one.id })}>
          {one.type}
        </a>
      </td>
      <td data-label={col.state}>
        <StateChip state={one.state} />
      </td>
      <td data-label={col.attempts}>{one.attempts}</td>
      <td data-label={col.last}>{one.last ? answered(one.last) : '–'}</td>
      <td data-label={col.next}>{one.next_attempt_at ? <Next at={one.next_attempt_at} /> : '–'}</td>
      <td data-label={col.made}>
        <When at={one.created_at} />
      </td>
    </tr>
  );
}
