// A site's word lists: what is on them, adding, removing.
import { useRef } from 'preact/hooks';
import * as api from '../api';
import { t } from '../strings';
import { ta } from '../strings-admin';
import type { Word } from '../types';
import { Failure, Skeleton } from './bits';
import { Outcome } from './outcome';
import { useAct, useLoaded } from './use';

const lists = ['banned', 'suspect', 'allowed'] as const;

export function WordLists({ site }: { site: string }) {
  const { data, trouble, reload } = useLoaded(site, () => api.listWords(site));
  return (
    <section class="panel stack" aria-labelledby="words-title">
      <h2 id="words-title">{ta.settings.words}</h2>
      <p class="hint">{ta.settings.wordsHint}</p>
      {trouble && <Failure text={trouble} retry={reload} />}
      {!data && !trouble && <Skeleton rows={1} />}
      {data &&
        lists.map((list) => (
          <WordList key={list} site={site} list={list} words={data.words.filter((w) => w.list === list)} reload={reload} />
        ))}
    </section>
  );
}

function WordList(props: { site: string; list: Word['list']; words: Word[]; reload: () => void }) {
  const { site, list, words, reload } = props;
  const field = useRef<HTMLInputElement>(null);
  const { run, busy, error } = useAct();
  const [title, hint] = ta.settings.lists[list];
  const add = (event: SubmitEvent) => {
    event.preventDefault();
    const text = field.current?.value.trim();
    if (!text) return;
    void run(async () => {
      await api.addWord(site, list, text);
      if (field.current) field.current.value = '';
      reload();
    });
  };
  const remove = (id: string) =>
    run(async () => {
      await api.removeWord(site, id);
      field.current?.focus();
      reload();
    });
  return (
    <div class="word-list">
      <h3>{title}</h3>
      <p class="hint" id={`hint-${list}`}>
        {hint}
      </p>
      <ul class="words-on">
        {words.length === 0 && <li class="meta">{ta.settings.noWords}</li>}
        {words.map((word) => (
          <li key={word.id} class="chip plain">
            <bdi>{word.text}</bdi>
            <button type="button" aria-label={ta.settings.removeWord(word.text)} onClick={() => void remove(word.id)}>
              ×
            </button>
          </li>
        ))}
      </ul>
      <form class="inline" onSubmit={add}>
        <input
          ref={field}
          aria-label={`${title}: ${ta.settings.word}`}
          aria-describedby={`hint-${list}`}
          placeholder={ta.settings.word}
          maxLength={200}
          required
        />
        <button type="submit" disabled={busy}>
          {t.common.add}
        </button>
      </form>
      <Outcome note="" error={error} />
    </div>
  );
}
