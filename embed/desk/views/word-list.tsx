// What is on one list: adding in a stroke, searching, and each entry with where
// it counts.
import { useEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api';
import { Chip, Empty, When } from '../parts/bits';
import { Paged, Table } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { saveFile } from '../parts/savefile';
import { SearchField } from '../parts/searchfield';
import { useAct, usePages } from '../parts/use';
import { question } from '../state/dialogs';
import { serverNow } from '../http';
import { hrefWith, param } from '../state/router';
import { tr } from '../strings-rules';
import { tw } from '../strings-words';
import { dateOnly } from '../time';
import type { Word } from '../types';

const q = param('q');
const sweepTime = 1000;
const c = tw.columns;

interface ListProps {
  site: string;
  list: Word['list'];
}

export function WordListView({ site, list }: ListProps) {
  const key = `${site} ${list} ${q.value}`;
  const pages = usePages(key, 'words', (cursor) => api.listWords(site, { list, q: q.value }, cursor));
  const { items } = pages;
  const running = items?.some((word) => word.sweep?.state === 'running') ?? false;
  useEffect(() => {
    if (!running) return;
    const timer = setTimeout(pages.reload, sweepTime);
    return () => clearTimeout(timer);
  }, [items]);
  return (
    <>
      <p class="intro">
        {tw.intro[list]} {list !== 'legal' && <span class="meta">{tw.matching}</span>}
      </p>
      {list !== 'legal' && <QuickAdd site={site} list={list} done={pages.reload} />}
      <Toolbar site={site} list={list} />
      <SearchField label={tw.search} />
      <Paged of={pages} empty={<Empty title={q.value ? tw.noMatch : tw.none} />}>
        {(words) => (
          <Table heads={[c.entry, c.where, c.until, c.right, c.added, c.actions]} kind="word-table">
            {words.map((word) => (
              <Row key={word.id} site={site} word={word} reload={pages.reload} />
            ))}
          </Table>
        )}
      </Paged>
    </>
  );
}

function QuickAdd({ site, list, done }: ListProps & { done: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const { run, busy, note, error } = useAct();
  const add = (event: SubmitEvent) => {
    event.preventDefault();
    const text = field.current?.value.trim();
    if (!text) return;
    void run(async () => {
      const word = await api.addWord(site, { list, text });
      if (field.current) field.current.value = '';
      done();
      return tw.added(word.text);
    });
  };
  return (
    <form class="stack tight" onSubmit={add}>
      <div class="inline">
        <input ref={field} aria-label={tw.quick(list)} placeholder={tw.quick(list)} maxLength={200} required />
        <button type="submit" class="primary" disabled={busy}>
          {tw.add}
        </button>
      </div>
      <Outcome note={note} error={error} />
    </form>
  );
}

function Toolbar({ site, list }: ListProps) {
  const { run, busy, error } = useAct();
  const save = (format: string) =>
    void run(async () => {
      saveFile(await api.exportWords(site, list, format), `${site}-${list}.${format}`);
    });
  return (
    <>
      <div class="buttons">
        <a class="button" href={hrefWith({ form: 'new', q: null })}>
          {list === 'legal' ? tw.addLegal : tw.more}
        </a>
        <a class="button" href={hrefWith({ form: 'import', q: null })}>
          {tw.importing}
        </a>
        <button type="button" disabled={busy} onClick={() => save('csv')}>
          {tw.exportCsv}
        </button>
        <button type="button" disabled={busy} onClick={() => save('json')}>
          {tw.exportJson}
        </button>
      </div>
      <Outcome note="" error={error} />
    </>
  );
}

function Row({ site, word, reload }: { site: string; word: Word; reload: () => void }) {
  const { run, busy, error } = useAct();
  const [gone, setGone] = useState(false);
  const act = () =>
    void run(async () => {
      await api.removeWord(site, word.id);
      setGone(true);
      document.getElementById('main')?.focus();
      reload();
      return tw.removed(word.text);
    });
  const remove = () => {
    if (word.list !== 'legal') return act();
    question.value = { title: tw.removeTitle(word.text), hint: tw.removeHint, verb: tw.remove, act };
  };
  if (gone) return null;
  return (
    <tr>
      <td data-label={c.entry}>
        <span class="entry">
          <b>
            <bdi>{word.text}</bdi>
          </b>{' '}
          {word.kind === 'host' && <Chip>{tw.host}</Chip>}
          {word.exceptions.length > 0 && (
            <span class="meta">
              {tw.except} {word.exceptions.map((one) => `“${one}”`).join(', ')}
            </span>
          )}
          {word.note && <span class="meta">{word.note}</span>}
          {word.sweep && <span class="meta">{tw.sweep(word.sweep.looked, word.sweep.found, word.sweep.state === 'running')}</span>}
          <Outcome note="" error={error} />
        </span>
      </td>
      <td data-label={c.where}>
        <Where word={word} />
      </td>
      <td data-label={c.until}>
        <Until at={word.expires_at} />
      </td>
      <td data-label={c.right}>
        <Right word={word} />
      </td>
      <td data-label={c.added}>
        <span>
          <When at={word.created_at} /> {word.added_by && <span class="meta">{tw.by(word.added_by)}</span>}
        </span>
      </td>
      <td data-label={c.actions}>
        <span class="buttons">
          <a class="button" href={hrefWith({ form: word.id })} aria-label={tw.editOf(word.text)}>
            {tw.edit}
          </a>
          <button type="button" disabled={busy} onClick={remove} aria-label={tw.removeOf(word.text)}>
            {tw.remove}
          </button>
        </span>
      </td>
    </tr>
  );
}

function Where({ word }: { word: Word }) {
  const place = word.page ? tw.page(word.page) : word.section ? tw.section(word.section) : tw.everywhere;
  return (
    <span class="entry">
      <span>{place}</span>
      {word.language && <span class="meta">{tw.language(word.language)}</span>}
    </span>
  );
}

function Right({ word: { list, precision } }: { word: Word }) {
  if (list === 'allowed') return <span class="meta">–</span>;
  return (
    <span class="entry">
      <span>{tr.rightOf(precision)}</span>
      <span class="meta">{tw.matched(precision.hits)}</span>
    </span>
  );
}

function Until({ at }: { at: string | null }) {
  if (!at) return <span class="meta">{tw.ever}</span>;
  // It counts up to this instant: the day before is the last one.
  const last = new Date(Date.parse(at) - 1).toISOString();
  if (Date.parse(at) <= serverNow()) return <Chip icon="clock">{`${tw.ended} ${dateOnly(last)}`}</Chip>;
  return <time dateTime={at}>{dateOnly(last)}</time>;
}
