// The address of a receiver, looked at by the server while it is typed: what it
// would refuse is said before anything is sent. Nobody is called.
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api';
import { explain } from '../strings';
import { th } from '../strings-hooks';
import { Field } from './bits';

/** How long one may pause in a word before it is looked at. */
const pause = 400;

type Verdict = { about: string; good: string; bad: string };

function useVerdict(site: string, url: string): Verdict | null {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  useEffect(() => {
    if (!url) return;
    const stop = new AbortController();
    const tell = (good: string, bad: string) => stop.signal.aborted || setVerdict({ about: url, good, bad });
    const timer = setTimeout(() => {
      api.checkAddress(site, url, stop.signal).then(
        (found) => tell(found.url === url ? th.form.good : th.form.goodAs(found.url), ''),
        (problem: unknown) => tell('', problem instanceof api.Problem && problem.status === 422 ? explain(problem) : ''),
      );
    }, pause);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [site, url]);
  return verdict?.about === url ? verdict : null;
}

interface Props {
  site: string;
  value: string;
  /** The address that it has; a token in it is shown as "…". */
  known: string | undefined;
  change: (url: string) => void;
}

export function AddressField({ site, value, known, change }: Props) {
  const url = value.trim();
  const shortened = url.includes('…');
  const asks = url !== known && !shortened;
  const verdict = useVerdict(site, asks ? url : '');
  const said = verdict ? verdict.good : shortened ? th.form.hidden : url && asks ? th.form.checking : '';
  return (
    <Field id="hook-url" label={th.form.url} error={verdict?.bad || undefined}>
      <input
        id="hook-url"
        name="url"
        type="url"
        required
        spellcheck={false}
        value={value}
        placeholder="https://news.example/hooks/comments"
        aria-invalid={verdict?.bad ? true : undefined}
        aria-describedby={verdict?.bad ? 'hook-url-error hook-url-said' : 'hook-url-said'}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <p class={verdict?.good ? 'good' : 'meta'} id="hook-url-said" role="status">
        {said}
      </p>
    </Field>
  );
}
