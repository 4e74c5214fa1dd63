// Habits shared by the pages: reading something for a key, running an action
// with its failure shown, noticing that a moment has passed.
import { useEffect, useState } from 'preact/hooks';
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
