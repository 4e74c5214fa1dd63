// Sending past events again: first how many there are, then the sending, and
// how far it has come.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { Field } from '../parts/bits';
import { Modal } from '../parts/dialogs';
import { Outcome } from '../parts/outcome';
import { useAct, useLoaded } from '../parts/use';
import { t } from '../strings';
import { th } from '../strings-hooks';
import { fullTime } from '../time';
import type { Replay, ReplayCount } from '../types';

const words = th.replay;

/** What a field of date and time says, in the form of the API; of no use = left out. */
export function instant(form: FormData, name: string): string | undefined {
  const at = new Date(String(form.get(name) ?? ''));
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

function rangeOf(form: FormData): api.ReplayRange {
  if (form.get('which') === 'broken') return { broken: true };
  const [since, until] = [instant(form, 'since'), instant(form, 'until')];
  return { ...(since && { since }), ...(until && { until }) };
}

interface Of {
  site: string;
  endpoint: string;
  close: () => void;
  started: (what: string) => void;
}

export function ReplayDialog({ site, endpoint, close, started }: Of) {
  const { run, busy, error } = useAct();
  const [found, setFound] = useState<{ range: api.ReplayRange; count: ReplayCount } | null>(null);
  const [which, setWhich] = useState('broken');
  const preview = (event: SubmitEvent) => {
    event.preventDefault();
    const range = rangeOf(new FormData(event.currentTarget as HTMLFormElement));
    void run(async () => setFound({ range, count: await api.countReplay(site, endpoint, range) }));
  };
  const start = (range: api.ReplayRange) =>
    run(async () => {
      const replay = await api.startReplay(site, endpoint, range);
      close();
      started(words.started(replay.events));
    });
  return (
    <Modal title={words.title} onClose={close}>
      <Replays site={site} endpoint={endpoint} />
      <form onSubmit={preview} onInput={() => setFound(null)}>
        <fieldset class="choices">
          <legend>{words.legend}</legend>
          {(['broken', 'range'] as const).map((choice) => (
            <label key={choice}>
              <input type="radio" name="which" value={choice} checked={which === choice} onChange={() => setWhich(choice)} />
              {words[choice]}
            </label>
          ))}
        </fieldset>
        {which === 'range' && <Times />}
        {found && <p role="status">{sentence(found.count)}</p>}
        <Outcome note="" error={error} />
        <div class="buttons">
          {found && (found.count.events > 0 || found.count.more) ? (
            <button type="button" class="primary" disabled={busy} onClick={() => void start(found.range)}>
              {words.start(found.count.events, found.count.more)}
            </button>
          ) : (
            <button type="submit" class="primary" disabled={busy}>
              {words.preview}
            </button>
          )}
          <button type="button" onClick={close}>
            {t.common.cancel}
          </button>
        </div>
      </form>
    </Modal>
  );
}

const sentence = ({ events, first_at: first, last_at: last, more }: ReplayCount) =>
  words.found(events, first ? fullTime(first) : '', last ? fullTime(last) : '', more);

function Times() {
  return (
    <>
      <Field id="replay-since" label={words.since}>
        <input id="replay-since" name="since" type="datetime-local" required />
      </Field>
      <Field id="replay-until" label={words.until} hint={words.untilHint}>
        <input id="replay-until" name="until" type="datetime-local" aria-describedby="replay-until-hint" />
      </Field>
    </>
  );
}

/** The replays that are under way, and the way to stop one. */
function Replays({ site, endpoint }: { site: string; endpoint: string }) {
  const { data, reload } = useLoaded(endpoint, () => api.listReplays(site, endpoint));
  const { run, busy, note, error } = useAct();
  const stop = (replay: Replay) =>
    run(async () => {
      await api.cancelReplay(site, endpoint, replay.id);
      reload();
      return words.cancelled;
    });
  const running = data?.replays.filter(({ state }) => state === 'running') ?? [];
  return (
    <>
      {running.map((replay) => (
        <p key={replay.id} class="buttons">
          {words.progress(replay.sent, replay.events)}
          <button type="button" disabled={busy} onClick={() => void stop(replay)}>
            {words.cancel}
          </button>
        </p>
      ))}
      <Outcome note={note} error={error} />
    </>
  );
}
