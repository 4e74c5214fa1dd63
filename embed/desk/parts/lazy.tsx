// A part of the desk that is fetched when it is first shown, so that the queue
// is there sooner.
import { signal } from '@preact/signals';
import type { FunctionComponent } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../strings';
import { Failure, Skeleton } from './bits';

export interface Lazy<P> extends FunctionComponent<P> {
  /** Fetches ahead of need. */
  preload: () => void;
}

export function lazy<P extends object>(load: () => Promise<FunctionComponent<P>>): Lazy<P> {
  const state = signal<FunctionComponent<P> | 'idle' | 'busy' | 'failed'>('idle');
  const preload = () => {
    if (state.value !== 'idle') return;
    state.value = 'busy';
    load().then(
      // A function given to `value =` is stored, not called.
      (view) => (state.value = view),
      () => (state.value = 'failed'),
    );
  };
  const Part = (props: P) => {
    useEffect(preload, []);
    const View = state.value;
    // After an update of the server the file may be gone: only a reload finds the new one.
    if (View === 'failed') return <Failure text={t.problems.offline} retry={() => location.reload()} />;
    return typeof View === 'string' ? <Skeleton rows={3} /> : <View {...props} />;
  };
  return Object.assign(Part, { preload });
}
