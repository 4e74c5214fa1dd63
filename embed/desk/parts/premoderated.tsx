// What the queue says of pages in premoderation: which, why, until when, and how
// to end it or let it go on.
import { change, held, type Held } from '../state/premoderation';
import { mayModerate, nameOf, sites } from '../state/sites';
import { nameOfPage, tw } from '../strings-waves';
import { fullTime, timeOnly } from '../time';
import { Icon } from './icons';
import { Outcome } from './outcome';
import { useAct } from './use';

const shown = 3;

export function Premoderated() {
  const all = held.value;
  if (all.length === 0) return null;
  return (
    <section class="premoderated" aria-label={tw.premoderated.label}>
      <ul>
        {all.slice(0, shown).map((one) => (
          <One key={`${one.site} ${one.page.key}`} one={one} />
        ))}
      </ul>
      {all.length > shown && <p class="meta">{tw.premoderated.more(all.length - shown)}</p>}
    </section>
  );
}

/** From now on until half an hour after the end that it has. */
function longer(until: string): string {
  const minutes = Math.ceil((Date.parse(until) - Date.now()) / 60_000) + 30;
  return `${Math.max(1, minutes)}m`;
}

function One({ one: { site, page } }: { one: Held }) {
  const { run, error, busy } = useAct();
  const p = page.premoderation;
  if (!p) return null;
  const title = nameOfPage(page);
  const send = (what: Parameters<typeof change>[2]) => void run(() => change(site, page.key, what));
  return (
    <li>
      <Icon name="clock" />
      <div>
        <p>
          <a href={page.url} target="_blank" rel="noopener noreferrer">
            <bdi>{title}</bdi>
          </a>
          {(sites.value?.length ?? 0) > 1 && <span class="meta"> · {nameOf(site)}</span>}
        </p>
        <p>
          {tw.premoderated.waits}{' '}
          <time dateTime={p.until} title={fullTime(p.until)}>
            {timeOnly(p.until)}
          </time>
          . {p.by && tw.premoderated.by(p.by)} {p.reason}
        </p>
        <Outcome note="" error={error} />
      </div>
      {mayModerate(site) && (
        <span class="buttons">
          <button
            type="button"
            disabled={busy}
            aria-label={tw.premoderated.of(tw.premoderated.prolong, title)}
            onClick={() => send({ premoderate: longer(p.until), reason: p.reason })}
          >
            {tw.premoderated.prolong}
          </button>
          <button
            type="button"
            disabled={busy}
            aria-label={tw.premoderated.of(tw.premoderated.end, title)}
            onClick={() => send({ release: '0s' })}
          >
            {tw.premoderated.end}
          </button>
        </span>
      )}
    </li>
  );
}
