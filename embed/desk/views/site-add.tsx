// A new site, for owners.
import { useEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api';
import { Field } from '../parts/bits';
import { Outcome } from '../parts/outcome';
import { useAct } from '../parts/use';
import { amend } from '../state/router';
import { load as loadSites } from '../state/sites';
import { t } from '../strings';
import { ta } from '../strings-admin';

const words = ta.settings.adding;

export function AddSite() {
  const [open, setOpen] = useState(false);
  const { run, busy, note, error } = useAct();
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(data.get(name)).trim();
    void run(async () => {
      const site = await api.addSite({ key: text('key'), name: text('name'), origins: text('origins').split(/\s+/).filter(Boolean) });
      await loadSites();
      setOpen(false);
      amend({ site: site.key }, false);
      return words.added(site.name);
    });
  };
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (open) first.current?.focus();
  }, [open]);
  if (!open) {
    return (
      <div class="buttons">
        <button type="button" onClick={() => setOpen(true)}>
          {words.open}
        </button>
        <Outcome note={note} error="" />
      </div>
    );
  }
  return (
    <form class="stack panel" onSubmit={send} aria-labelledby="add-site">
      <h2 id="add-site">{words.title}</h2>
      <Field id="new-key" label={ta.settings.key} hint={words.keyHint}>
        <input id="new-key" name="key" class="mono" required maxLength={40} pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?" autocomplete="off" spellcheck={false} aria-describedby="new-key-hint" ref={first} />
      </Field>
      <Field id="new-name" label={ta.settings.name}>
        <input id="new-name" name="name" required maxLength={200} autocomplete="off" />
      </Field>
      <Field id="new-origins" label={ta.settings.origins} hint={ta.settings.originsHint}>
        <textarea id="new-origins" name="origins" class="mono" rows={2} required aria-describedby="new-origins-hint" />
      </Field>
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy}>
          {words.submit}
        </button>
        <button type="button" class="quiet" onClick={() => setOpen(false)}>
          {t.common.cancel}
        </button>
        <Outcome note="" error={error} />
      </div>
    </form>
  );
}
