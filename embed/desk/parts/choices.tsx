// Choices with a sentence under the name of each.
import type { ComponentChildren } from 'preact';

/** A code, and its name, with or without a sentence. */
export type Entry = [code: string, text: string | readonly [string, string]];

export const entries = (of: Record<string, Entry[1]>): Entry[] => Object.entries(of);

/** The name of a box to tick or a choice to make, and a sentence under it. */
export function Explained({ text, mono, children }: { text: Entry[1]; mono?: boolean; children: ComponentChildren }) {
  const [name, hint] = typeof text === 'string' ? [text, ''] : text;
  return (
    <label class="explained">
      {children}
      <span class={mono ? 'mono' : ''}>{name}</span>
      {hint && <span class="hint">{hint}</span>}
    </label>
  );
}

interface ChoicesProps {
  legend: string;
  name: string;
  value: string;
  of: Entry[];
  pick: (code: string) => void;
}

/** One of several. */
export function Choices({ legend, name, value, of, pick }: ChoicesProps) {
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      {of.map(([code, text]) => (
        <Explained key={code} text={text}>
          <input type="radio" name={name} checked={value === code} onChange={() => pick(code)} />
        </Explained>
      ))}
    </fieldset>
  );
}
