// Tabs with counts, and the filters. All of them live in the address.
import { useEffect, useRef } from 'preact/hooks';
import * as queue from '../state/queue';
import { amend, hrefWith } from '../state/router';
import { sites } from '../state/sites';
import { t } from '../strings';
import { labelOf } from '../strings-reasons';
import { Key } from './bits';

const fresh = { at: null, sel: null };
/** The list of what was reported takes no other filter than the site. */
const alone = { q: null, reason: null, author: null, page: null };

export function Tabs() {
  const now = queue.status.value;
  const counts = queue.counts.value;
  return (
    <nav aria-label={t.queue.statuses} class="tabs">
      <ul>
        {([...queue.statuses.slice(0, 1), 'reported', ...queue.statuses.slice(1)] as const).map((status) => (
          <li key={status}>
            <a
              href={hrefWith({ ...fresh, ...(status === 'reported' && alone), status: status === 'pending' ? null : status, sort: null, open: null })}
              aria-current={status === now ? 'page' : undefined}
            >
              {status === 'reported' ? t.queue.reported : t.status[status]}{' '}
              <span class="count">{counts ? counts[status].toLocaleString('en') : '–'}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

export function Filters() {
  if (queue.reported.value) {
    return (
      <div class="filters">
        <SiteFilter />
      </div>
    );
  }
  return (
    <form class="filters" role="search" aria-label={t.queue.filters} onSubmit={(event) => event.preventDefault()}>
      <Search />
      <SiteFilter />
      <ReasonFilter />
      <Choice
        label={t.queue.sort}
        value={queue.sort.value}
        choices={[
          ['oldest', t.queue.oldest],
          ['newest', t.queue.newest],
        ]}
        onPick={(sort) => amend({ ...fresh, sort }, false)}
      />
      {queue.author.value && <Drop text={t.queue.ofAuthor} name="author" />}
      {queue.page.value && <Drop text={t.queue.ofPage} name="page" />}
    </form>
  );
}

function Search() {
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef(0);
  const q = queue.q.value;
  // Back and forward change the address under the field.
  useEffect(() => {
    if (field.current && field.current !== document.activeElement) field.current.value = q;
  }, [q]);
  const later = () => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => amend({ ...fresh, q: field.current?.value.trim() || null }), 300);
  };
  return (
    <span class="search">
      <input
        id="search"
        ref={field}
        type="search"
        defaultValue={q}
        placeholder={t.queue.search}
        aria-label={t.queue.search}
        aria-keyshortcuts="/"
        onInput={later}
      />
      <Key name="/" />
    </span>
  );
}

function SiteFilter() {
  const all = sites.value ?? [];
  if (all.length < 2) return null;
  const choices: [string, string][] = [['', t.common.allSites], ...all.map((s): [string, string] => [s.key, s.name])];
  return (
    <Choice
      label={t.common.site}
      value={queue.site.value}
      choices={choices}
      onPick={(site) => amend({ ...fresh, site, page: null }, false)}
    />
  );
}

/** Offers the reasons that the loaded comments have: the only ones that would find something here. */
function ReasonFilter() {
  const value = queue.reason.value;
  const codes = new Map<string, string>(value ? [[value, labelOf(value)]] : []);
  for (const { comment } of queue.rows.value) {
    for (const reason of comment.reasons) codes.set(reason.code, labelOf(reason.code));
  }
  const sorted = [...codes].sort(([a], [b]) => a.localeCompare(b));
  return (
    <Choice
      label={t.queue.reason}
      value={value}
      choices={[['', t.queue.anyReason], ...sorted]}
      onPick={(reason) => amend({ ...fresh, reason }, false)}
    />
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  choices: [string, string][];
  onPick: (value: string) => void;
}

export function Choice({ label, value, choices, onPick }: ChoiceProps) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
      {choices.map(([code, text]) => (
        <option key={code} value={code} selected={code === value}>
          {text}
        </option>
      ))}
    </select>
  );
}

function Drop({ text, name }: { text: string; name: string }) {
  return (
    <span class="chip plain">
      {text}
      <a href={hrefWith({ ...fresh, [name]: null })} aria-label={`${t.queue.clear}: ${text}`}>
        ×
      </a>
    </span>
  );
}
