// What an author would be told, asked for a moment after the last key press.
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api';
import { explain } from '../strings';

interface Found {
  template: string;
  message: string;
}

/** The template that applies to a trial, and what it becomes; the last one stays while the next is on its way. */
export function usePreview(site: string, trial: api.Trial): { found: Found | null; trouble: string } {
  const [state, setState] = useState<{ found: Found | null; trouble: string }>({ found: null, trouble: '' });
  const key = JSON.stringify(trial);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      api.tryMessage(site, trial, stop.signal).then(
        (found) => setState({ found, trouble: '' }),
        (problem: unknown) => {
          if (!stop.signal.aborted) setState((old) => ({ found: old.found, trouble: explain(problem) }));
        },
      );
    }, 200);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [site, key]);
  return state;
}
