// Habits shared by the pages: reading something for a key, running an action
// with its failure shown, noticing that a moment has passed.
import { useEffect, useRef, useState } from 'preact/hooks';
import { alert, say } from '../state/ui';
import { explain } from '../strings';

export interface Loaded<T> {
  data: T | null;
  trouble: string;
  reload: () => void;
  put: (data: T) => void;
}

/** Reads when `key` changes and on reload; an answer for an old key is dropped. */
export function useLoaded<T>(key: string, read: () => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string; data: T | null; trouble: string }>({ key, data: null, trouble: '' });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let live = true;
    read().then(
      (data) => live && setState({ key, data, trouble: '' }),
      (problem: unknown) => live && setState((old) => ({ key, data: old.key === key ? old.data : null, trouble: explain(problem) })),
    );
    return () => {
      live = false;
    };
  }, [key, turn]);
  const current = state.key === key ? state : { key, data: null, trouble: '' };
  return {
    data: current.data,
    trouble: current.trouble,
    reload: () => setTurn((n) => n + 1),
    put: (data) => setState({ key, data, trouble: '' }),
  };
}

/** Runs an action: while it runs `busy`, what it said `note`, how it failed `error`. */
export function useAct() {
  const [state, setState] = useState({ busy: false, note: '', error: '' });
  const run = async (work: () => Promise<string | void>) => {
    setState({ busy: true, note: '', error: '' });
    try {
      const note = (await work()) ?? '';
      setState({ busy: false, note, error: '' });
      if (note) say(note);
    } catch (problem) {
      const error = explain(problem);
      setState({ busy: false, note: '', error });
      alert(error);
    }
  };
  return { ...state, run };
}

/** Whether the moment `until` (by this machine's clock) has passed; redraws when it does. */
export function useExpired(until: number): boolean {
  const [, redraw] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => redraw((n) => n + 1), Math.max(0, until - Date.now()) + 50);
    return () => clearTimeout(timer);
  }, [until]);
  return until <= Date.now();
}

export interface Pages<T> {
  items: T[] | null;
  trouble: string;
  busy: boolean;
  /** Reads on, null at the end of the list. */
  more: (() => void) | null;
  /** Reads again what is shown. */
  reload: () => void;
  /** Shows these in place of what was read. */
  put: (items: T[]) => void;
}

/** A search may come back with few, or none, and a place to go on from: so many are read for a first page. */
const readsAtMost = 20;

type Page<N extends string, T> = Record<N, T[]> & { next_cursor: string | null };

/** The list `name`, read in pages, `reads` of them at most until there is something to show; an answer for an old key is dropped. */
export function usePages<N extends string, T>(
  key: string,
  name: N,
  read: (cursor: string | null) => Promise<Page<N, T>>,
  reads = readsAtMost,
): Pages<T> {
  const [state, setState] = useState<{ key: string; items: T[] | null; next: string | null; trouble: string; busy: boolean }>({
    key,
    items: null,
    next: null,
    trouble: '',
    busy: true,
  });
  const latest = useRef(key);
  latest.current = key;
  const fill = async (had: T[], from: string | null, least: number) => {
    setState((old) => ({ ...old, busy: true }));
    const items = [...had];
    let next = from;
    try {
      for (let n = 0; n === 0 || (next && items.length < least && n < reads); n++) {
        const page: Page<N, T> = await read(next);
        items.push(...page[name]);
        next = page.next_cursor;
      }
      if (latest.current === key) setState({ key, items, next, trouble: '', busy: false });
    } catch (problem) {
      if (latest.current === key) setState((old) => ({ ...old, key, trouble: explain(problem), busy: false }));
    }
  };
  useEffect(() => void fill([], null, 1), [key]);
  const current = state.key === key ? state : { items: null, next: null, trouble: '', busy: true };
  const { items, next } = current;
  return {
    items,
    trouble: current.trouble,
    busy: current.busy,
    more: next ? () => void fill(items ?? [], next, (items?.length ?? 0) + 1) : null,
    reload: () => void fill([], null, Math.max(1, items?.length ?? 0)),
    put: (shown) => setState((old) => (old.key === key ? { ...old, items: shown } : old)),
  };
}
