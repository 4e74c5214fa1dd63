// Hosts that comments link to, with what people decided about those comments.
import * as api from '../api';
import { Empty, When } from '../parts/bits';
import { Choice } from '../parts/filters';
import { Paged, Table } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { SearchField } from '../parts/searchfield';
import { ForSite } from '../parts/sitepicker';
import { useAct, usePages } from '../parts/use';
import { amend, param } from '../state/router';
import { tl } from '../strings-words';
import type { Host, Word } from '../types';

const sort = param('sort');
const q = param('q');

export function LinksView() {
  return <ForSite title={tl.title}>{(site) => <Hosts key={site.key} site={site.key} />}</ForSite>;
}

function Hosts({ site }: { site: string }) {
  // A search goes by name.
  const by = { sort: q.value ? 'host' : sort.value || 'rejected', q: q.value };
  const pages = usePages(`${site} ${by.sort} ${by.q}`, 'hosts', (cursor) => api.listHosts(site, by, cursor));
  return (
    <>
      <p class="intro">{tl.intro}</p>
      <div class="inline wrap">
        <SearchField label={tl.search} />
        <Choice label={tl.sort} value={by.sort} choices={Object.entries(tl.sorts)} onPick={(code) => amend({ sort: code, q: null }, false)} />
      </div>
      <Paged of={pages} empty={<Empty title={q.value ? tl.noMatch : tl.none} />}>
        {(hosts) => (
          <Table heads={Object.values(tl.columns)} kind="word-table">
            {hosts.map((one) => (
              <Row key={one.host} site={site} one={one} />
            ))}
          </Table>
        )}
      </Paged>
    </>
  );
}

/** How the domain name system writes a host, where that is another spelling: it gives look-alikes away. */
function registered(host: string): string {
  const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : host;
  return name === host ? '' : name;
}

function Row({ site, one }: { site: string; one: Host }) {
  const { run, busy, note, error } = useAct();
  const c = tl.columns;
  const put = (list: Word['list']) =>
    void run(async () => {
      await api.addWord(site, { list, kind: 'host', text: one.host });
      return tl.listed(one.host, list);
    });
  return (
    <tr>
      <td data-label={c.host}>
        <span class="entry">
          <b>
            <bdi>{one.host}</bdi>
          </b>
          {registered(one.host) && <span class="meta">{registered(one.host)}</span>}
          <Outcome note={note} error={error} />
        </span>
      </td>
      <td data-label={c.first}>
        <When at={one.first_seen_at} />
      </td>
      <td data-label={c.approved}>{one.approved.toLocaleString('en')}</td>
      <td data-label={c.rejected}>
        <span class={one.rejected > one.approved ? 'bad' : ''}>{one.rejected.toLocaleString('en')}</span>
      </td>
      <td data-label={c.actions}>
        <span class="buttons">
          <button type="button" disabled={busy} onClick={() => put('banned')} aria-label={tl.banOf(one.host)}>
            {tl.ban}
          </button>
          <button type="button" disabled={busy} onClick={() => put('allowed')} aria-label={tl.allowOf(one.host)}>
            {tl.allow}
          </button>
        </span>
      </td>
    </tr>
  );
}
