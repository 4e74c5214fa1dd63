// The people of one site: those of whom something was said, a search, one
// author's page, and the blocks. The address says which of them is shown.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { Empty } from '../parts/bits';
import { Choice } from '../parts/filters';
import { Paged, Table, Tabs } from '../parts/list';
import { ForSite } from '../parts/sitepicker';
import { StandingChip } from '../parts/standing';
import { usePages } from '../parts/use';
import { amend, hrefWith, param } from '../state/router';
import { sites } from '../state/sites';
import { tp } from '../strings-people';
import type { Person, Standing } from '../types';
import { BlocksView } from './blocks';
import { PersonView } from './person';

const person = param('person');
const tab = param('tab');
const q = param('q');
const standing = param('standing');

export function PeopleView() {
  return (
    <ForSite title={tp.title} among={sites.value ?? []} none={tp.noSite}>
      {(site) => (
        <>
          {!person.value && (
            <Tabs label={tp.title} texts={tp.tabs} at={tab.value} to={(code) => hrefWith({ tab: code, q: null, standing: null })} />
          )}
          {person.value ? (
            <PersonView key={person.value} site={site.key} id={person.value} />
          ) : tab.value === 'blocks' ? (
            <BlocksView key={site.key} site={site.key} />
          ) : (
            <PeopleList key={site.key} site={site.key} />
          )}
        </>
      )}
    </ForSite>
  );
}

const shown: [string, string][] = [
  ['', tp.list.any],
  ...(['trusted', 'premoderated', 'muted', 'suspended', 'banned'] as Standing[]).map((one): [string, string] => [one, tp.standings[one]]),
  ['all', tp.list.all],
];

/** A name or an address searches everybody, unless a standing was chosen. */
function asked() {
  const wanted = standing.value || (q.value ? 'all' : 'any');
  const address = q.value.includes('@');
  return { q: address ? '' : q.value, email: address ? q.value : '', standing: wanted === 'all' ? '' : wanted };
}

function PeopleList({ site }: { site: string }) {
  const by = asked();
  const key = `${site} ${by.q} ${by.email} ${by.standing}`;
  const pages = usePages(key, 'people', (cursor) => api.listPeople(site, by, cursor), 1);
  return (
    <div class="stack">
      <Search key={q.value} />
      <Paged of={pages} empty={<Nobody />}>
        {(people) => <People people={people} />}
      </Paged>
    </div>
  );
}

function Nobody() {
  if (q.value || standing.value) return <Empty title={tp.list.none} />;
  return (
    <Empty title={tp.list.noneSaid}>
      <p class="meta">{tp.list.noneSaidHint}</p>
    </Empty>
  );
}

function Search() {
  const [text, setText] = useState(q.value);
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    amend({ q: text.trim() || null }, false);
  };
  return (
    <form class="filters" role="search" onSubmit={send}>
      <span class="search">
        <input
          type="search"
          value={text}
          maxLength={200}
          placeholder={tp.list.search}
          aria-label={tp.list.search}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </span>
      <button type="submit">{tp.list.submit}</button>
      <Choice label={tp.list.show} value={standing.value} choices={shown} onPick={(one) => amend({ standing: one || null }, false)} />
    </form>
  );
}

function People({ people }: { people: Person[] }) {
  const { list } = tp;
  return (
    <Table heads={[list.name, list.email, list.record, list.standing]}>
      {people.map((one) => (
        <tr key={one.id}>
          <td data-label={list.name}>
            <a href={hrefWith({ person: one.id })}>
              <bdi>{one.name || tp.person.anonymous}</bdi>
            </a>
          </td>
          <td data-label={list.email}>
            <span class="email">{one.email || '–'}</span>
          </td>
          <td data-label={list.record}>{tp.record(one.approved, one.rejected)}</td>
          <td data-label={list.standing}>
            {one.standing.standing === 'none' ? '–' : <StandingChip standing={one.standing.standing} until={one.standing.until} />}
          </td>
        </tr>
      ))}
    </Table>
  );
}
