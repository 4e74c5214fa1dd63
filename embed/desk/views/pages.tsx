// The pages with comments: which take any, which are in premoderation.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { Chip, Empty, Failure, Skeleton } from '../parts/bits';
import { Outcome } from '../parts/outcome';
import { ForSite } from '../parts/sitepicker';
import { useAct, useLoaded } from '../parts/use';
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
  const { data, trouble, reload, put } = useLoaded(site, () => api.listPages(site, null));
  const { run, error, busy } = useAct();
  if (!data) return trouble ? <Failure text={trouble} retry={reload} /> : <Skeleton rows={3} />;
  if (data.pages.length === 0) return <Empty title={tp.none}>{tp.noneHint}</Empty>;
  const changed = (now: PageEntry) => {
    put({ ...data, pages: data.pages.map((page) => (page.key === now.key ? now : page)) });
    void readBanner();
  };
  const more = () =>
    void run(async () => {
      const next = await api.listPages(site, data.next_cursor);
      put({ pages: [...data.pages, ...next.pages], next_cursor: next.next_cursor });
    });
  return (
    <>
      <p class="meta">{tp.intro}</p>
      <table class="data pages">
        <thead>
          <tr>
            <th scope="col">{tp.page}</th>
            <th scope="col">{tp.public}</th>
            <th scope="col">{tp.state}</th>
            {mayModerate(site) && (
              <th scope="col">
                <span class="unseen">{t.row.actions}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {data.pages.map((page) => (
            <PageRow key={page.key} site={site} page={page} changed={changed} />
          ))}
        </tbody>
      </table>
      {data.next_cursor && (
        <button type="button" class="more" disabled={busy} onClick={more}>
          {busy ? t.common.loading : t.common.more}
        </button>
      )}
      <Outcome note="" error={error} />
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
  const [time, setTime] = useState('30m');
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
  return (
    <span class="inline">
      <button type="button" disabled={busy} onClick={() => send({ premoderate: time })}>
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
    </span>
  );
}
