// What the lists would find in a text that nobody has posted.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { Chip, Field } from '../parts/bits';
import type { IconName } from '../parts/icons';
import { Marked } from '../parts/marked';
import { Outcome } from '../parts/outcome';
import { useAct } from '../parts/use';
import { tw } from '../strings-words';
import type { Reason, WordMatch } from '../types';

const words = tw.test;
const looks: Record<WordMatch['effect'], ['warn' | 'danger', IconName]> = {
  hold: ['warn', 'clock'],
  review: ['warn', 'flag'],
  reject: ['danger', 'cross'],
};

export function WordTestView({ site }: { site: string }) {
  const { run, busy, error } = useAct();
  const [tried, setTried] = useState<{ text: string; matches: WordMatch[] } | null>(null);
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = String(data.get('text'));
    void run(async () => {
      const { matches } = await api.testWords(site, text, String(data.get('page')).trim());
      setTried({ text, matches });
      return matches.length > 0 ? words.found(matches.length) : words.none;
    });
  };
  return (
    <>
      <p class="intro">{words.hint}</p>
      <form class="stack panel" onSubmit={send}>
        <Field id="test-text" label={words.text}>
          <textarea id="test-text" name="text" rows={4} required />
        </Field>
        <Field id="test-page" label={words.page} hint={words.pageHint}>
          <input id="test-page" name="page" maxLength={2048} aria-describedby="test-page-hint" />
        </Field>
        <Outcome note="" error={error} />
        <div class="buttons">
          <button type="submit" class="primary" disabled={busy}>
            {words.submit}
          </button>
        </div>
      </form>
      {tried && <Found {...tried} />}
    </>
  );
}

function Found({ text, matches }: { text: string; matches: WordMatch[] }) {
  if (matches.length === 0) return <p>{words.none}</p>;
  const reasons: Reason[] = matches.map(({ sentence, spans, effect }) => ({ check: 'words', code: '', sentence, spans, hint: effect }));
  return (
    <section class="stack" aria-label={words.found(matches.length)}>
      <Marked text={text} reasons={reasons} />
      <ul class="why">
        {matches.map(({ word, effect, sentence }) => (
          <li key={word.id + sentence} class="told">
            <Chip tone={looks[effect][0]} icon={looks[effect][1]}>
              {words.effects[effect]}
            </Chip>
            <span>{sentence}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
