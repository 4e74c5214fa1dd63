// Names with values, as many as one likes: headers, settings.
import { useState } from 'preact/hooks';
import { th } from '../strings-hooks';

export type Pairs = [name: string, value: string][];

interface Props {
  /** What one of them is: its words are labels. */
  name: string;
  add: string;
  pairs: Pairs;
  secret?: boolean;
  change: (pairs: Pairs) => void;
}

/** The lines are kept by a number of their own, so that taking one away leaves the others' fields as they are. */
export function PairFields({ name, add, pairs, secret, change }: Props) {
  const [keys, setKeys] = useState(() => ({ next: pairs.length, of: pairs.map((_, i) => i) }));
  const put = (at: number, pair: Pairs[number]) => change(pairs.map((old, i) => (i === at ? pair : old)));
  const grow = () => {
    setKeys({ next: keys.next + 1, of: [...keys.of, keys.next] });
    change([...pairs, ['', '']]);
  };
  const drop = (at: number) => {
    setKeys({ next: keys.next, of: keys.of.filter((_, i) => i !== at) });
    change(pairs.filter((_, i) => i !== at));
  };
  return (
    <>
      {pairs.map(([left, right], i) => (
        <div key={keys.of[i]} class="inline pair">
          <input aria-label={name} placeholder={name} value={left} spellcheck={false} onInput={(event) => put(i, [event.currentTarget.value, right])} />
          <input
            aria-label={`${th.form.value}: ${left || name}`}
            placeholder={th.form.value}
            {...(secret ? { type: 'password' } : {})}
            autocomplete="off"
            value={right}
            onInput={(event) => put(i, [left, event.currentTarget.value])}
          />
          <button type="button" aria-label={th.form.remove(left)} onClick={() => drop(i)}>
            ×
          </button>
        </div>
      ))}
      <div class="buttons">
        <button type="button" onClick={grow}>
          {add}
        </button>
      </div>
    </>
  );
}

/** The lines that have a name. */
export const named = (pairs: Pairs): Record<string, string> =>
  Object.fromEntries(pairs.map(([name, value]) => [name.trim(), value] as const).filter(([name]) => name !== ''));
