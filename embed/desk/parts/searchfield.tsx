// A field whose text stands in the address as q, a moment after the last key.
import { useRef } from 'preact/hooks';
import { amend, param } from '../state/router';

const q = param('q');
const pause = 300;

export function SearchField({ label }: { label: string }) {
  const timer = useRef(0);
  return (
    <form role="search" class="search-one" onSubmit={(event) => event.preventDefault()}>
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        defaultValue={q.value}
        maxLength={100}
        onInput={({ currentTarget: field }) => {
          clearTimeout(timer.current);
          timer.current = window.setTimeout(() => amend({ q: field.value.trim() || null }), pause);
        }}
      />
    </form>
  );
}
