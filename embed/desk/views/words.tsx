// The word lists of one site. The address says which list, and whether an entry
// is being edited, many are being imported, or a text is being tried.
import { Tabs } from '../parts/list';
import { ForSite } from '../parts/sitepicker';
import { amend, hrefWith, param } from '../state/router';
import { tw } from '../strings-words';
import type { Word } from '../types';
import { WordFormView } from './word-form';
import { WordImportView } from './word-import';
import { WordListView } from './word-list';
import { WordTestView } from './word-test';

const tab = param('tab');
const form = param('form');

const lists: Record<string, Word['list']> = { suspect: 'suspect', allowed: 'allowed', legal: 'legal' };

const toList = () => amend({ form: null }, false);

export function WordsView() {
  return (
    <ForSite title={tw.title}>
      {(site) => (
        <>
          {!form.value && <Tabs label={tw.title} texts={tw.tabs} at={tab.value} to={(code) => hrefWith({ tab: code, q: null })} />}
          <Shown key={`${site.key} ${tab.value} ${form.value}`} site={site.key} />
        </>
      )}
    </ForSite>
  );
}

function Shown({ site }: { site: string }) {
  const list = lists[tab.value] ?? 'banned';
  if (form.value === 'import') return <WordImportView site={site} list={list} done={toList} />;
  if (form.value) return <WordFormView site={site} list={list} id={form.value} done={toList} />;
  if (tab.value === 'test') return <WordTestView site={site} />;
  return <WordListView site={site} list={list} />;
}
