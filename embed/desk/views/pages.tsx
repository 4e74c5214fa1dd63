// The pages with comments: which take any, which are in premoderation.
import { useEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api';
import { Chip, Empty } from '../parts/bits';
import { Paged, Table } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { ForSite } from '../parts/sitepicker';
import { useAct, usePages } from '../parts/use';
import { load as readBanner } from '../state/premoderation';
import { mayModerate, sites } from '../state/sites';
import { t } from '../strings';
import { nameOfPage, tw } from '../strings-waves';
import { fullTime, timeOnly } from '../time';
import type { PageEntry } from '../types';

const tp = tw.pages;

export function PagesView() {
  return (
    <ForSite title={tp.title} among={sites.value ?? []}>
      {(site) => <Pages key={site.key} site={site.key} />}
    </ForSite>
  );
}

function Pages({ site }: { site: string }) {
  const pages = usePages(site, 'pages', (cursor) => api.listPages(site, cursor));
  const changed = (now: PageEntry) => {
    pages.put((pages.items ?? []).map((page) => (page.key === now.key ? now : page)));
    void readBanner();
  };
  const heads = [tp.page, tp.public, tp.state, ...(mayModerate(site) ? [<span class="unseen">{t.row.actions}</span>] : [])];
  return (
    <>
      <p class="meta">{tp.intro}</p>
      <Paged of={pages} empty={<Empty title={tp.none}>{tp.noneHint}</Empty>}>
        {(list) => (
          <Table heads={heads} kind="pages">
            {list.map((page) => (
              <PageRow key={page.key} site={site} page={page} changed={changed} />
            ))}
          </Table>
        )}
      </Paged>
    </>
  );
}

interface RowProps {
  site: string;
  page: PageEntry;
  changed: (page: PageEntry) => void;
}

function PageRow({ site, page, changed }: RowProps) {
  const { run, error, busy } = useAct();
  const send = (what: api.PageChange) => void run(async () => changed(await api.changePage(site, page.key, what)));
  const title = nameOfPage(page);
  return (
    <tr>
      <td data-label={tp.page}>
        <a href={page.url} target="_blank" rel="noopener noreferrer">
          <bdi>{title}</bdi>
        </a>
        <Outcome note="" error={error} />
      </td>
      <td data-label={tp.public}>{page.count.toLocaleString('en')}</td>
      <td data-label={tp.state}>
        <State page={page} />
      </td>
      {mayModerate(site) && (
        <td>
          <span class="buttons">
            <Premoderate page={page} busy={busy} send={send} />
            <button type="button" disabled={busy} onClick={() => send({ open: !page.open })}>
              {page.open ? tp.close : tp.reopen}
              <span class="unseen"> {title}</span>
            </button>
          </span>
        </td>
      )}
    </tr>
  );
}

function State({ page: { open, premoderation: p, spared_until } }: { page: PageEntry }) {
  return (
    <div class="page-state">
      {p ? (
        <Chip tone="warn" icon="clock">
          {tp.until}{' '}
          <time dateTime={p.until} title={fullTime(p.until)}>
            {timeOnly(p.until)}
          </time>
        </Chip>
      ) : (
        <Chip tone={open ? 'ok' : 'plain'} icon={open ? 'tick' : 'slash'}>
          {open ? tp.open : tp.closed}
        </Chip>
      )}
      {p && (p.by || p.reason) && (
        <p class="meta">
          {p.by && tw.premoderated.by(p.by)} {p.reason}
        </p>
      )}
      {spared_until && (
        <p class="meta">
          {tp.spared} {timeOnly(spared_until)}
        </p>
      )}
    </div>
  );
}

function Premoderate({ page, busy, send }: { page: PageEntry; busy: boolean; send: (what: api.PageChange) => void }) {
  const title = nameOfPage(page);
  if (page.premoderation) {
    return (
      <>
        <button type="button" disabled={busy} onClick={() => send({ release: '0s' })}>
          {tw.premoderated.end}
          <span class="unseen"> {title}</span>
        </button>
        <button type="button" disabled={busy} onClick={() => send({ release: '1d' })}>
          {tp.spare}
          <span class="unseen"> {title}</span>
        </button>
      </>
    );
  }
  return <Begin title={title} busy={busy} send={send} />;
}

/** Goes with what was typed into it as soon as the page is in premoderation. */
function Begin({ title, busy, send }: { title: string; busy: boolean; send: (what: api.PageChange) => void }) {
  const [time, setTime] = useState('30m');
  const [reason, setReason] = useState<string | null>(null); // null = none is asked for
  const field = useRef<HTMLInputElement>(null);
  const asked = reason !== null;
  useEffect(() => {
    if (asked) field.current?.focus();
  }, [asked]);
  const begin = (event: SubmitEvent) => {
    event.preventDefault();
    send({ premoderate: time, ...(reason?.trim() && { reason: reason.trim() }) });
  };
  return (
    <form class="begin" onSubmit={begin}>
      <button type="submit" disabled={busy}>
        {tp.begin}
        <span class="unseen"> {title}</span>
      </button>
      <select aria-label={tp.howLong(title)} value={time} onChange={(event) => setTime(event.currentTarget.value)}>
        {tp.times.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {asked ? (
        <input
          ref={field}
          aria-label={tp.reasonOf(title)}
          placeholder={tp.reasonHint}
          maxLength={200}
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      ) : (
        <button type="button" class="quiet" onClick={() => setReason('')}>
          {tp.reason}
          <span class="unseen"> {title}</span>
        </button>
      )}
    </form>
  );
}
