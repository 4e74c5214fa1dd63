// What every list has besides its items: that it is being read, could not be, is
// empty, or goes on; its table, and the tabs above it.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../strings';
import { Failure, Skeleton } from './bits';
import type { Loaded, Pages } from './use';

/** What stands for something that is being read, or could not be. */
export function Pending({ of: { data, trouble, reload }, rows = 3 }: { of: Pick<Loaded<unknown>, 'data' | 'trouble' | 'reload'>; rows?: number }) {
  if (trouble) return <Failure text={trouble} retry={reload} />;
  return data ? null : <Skeleton rows={rows} />;
}

interface PagedProps<T> {
  of: Pages<T>;
  empty: ComponentChildren;
  children: (items: T[]) => ComponentChildren;
}

/** A list that is read in pages: `children` where it has items, `empty` where it has none. */
export function Paged<T>({ of: { items, trouble, busy, more, reload }, empty, children }: PagedProps<T>) {
  const none = items?.length === 0;
  return (
    <>
      {items && !none && children(items)}
      {none && (more ? <p class="meta">{t.common.noneSoFar}</p> : empty)}
      <Pending of={{ data: items, trouble, reload }} />
      {more && (
        <button type="button" class="more" disabled={busy} onClick={more}>
          {none ? t.common.further : t.common.more}
        </button>
      )}
    </>
  );
}

/** A table of one list; on a phone each row is a card. */
export function Table({ heads, kind = '', children }: { heads: ComponentChildren[]; kind?: string; children: ComponentChildren }) {
  return (
    <table class={`data ${kind}`}>
      <thead>
        <tr>
          {heads.map((head, i) => (
            <th key={i} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

interface TabsProps {
  label: string;
  /** Code and text of each; the first is where the address names none. */
  texts: Record<string, string>;
  at: string;
  to: (code: string | null) => string;
}

/** Tabs whose choice stands in the address. */
export function Tabs({ label, texts, at, to }: TabsProps) {
  const bar = useRef<HTMLElement>(null);
  // On a phone the tabs can be wider than the screen.
  useEffect(() => bar.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }), [at]);
  return (
    <nav class="tabs" aria-label={label} ref={bar}>
      <ul>
        {Object.entries(texts).map(([code, text]) => (
          <li key={code}>
            <a href={to(code || null)} aria-current={code === at ? 'page' : undefined}>
              {text}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** One line of a list of facts. */
export function Fact({ name, bad, children }: { name: string; bad?: boolean; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={bad ? 'bad' : ''}>{children}</dd>
    </div>
  );
}
