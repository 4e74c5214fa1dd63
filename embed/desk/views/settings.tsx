// Settings of one site: its name and origins, its options.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { Field } from '../parts/bits';
import { OptionField } from '../parts/option';
import { Outcome } from '../parts/outcome';
import { ForSite } from '../parts/sitepicker';
import { useAct } from '../parts/use';
import { isOwner, load as loadSites, sites } from '../state/sites';
import { optionGroups, otherGroup } from '../strings-options';
import { t } from '../strings';
import { ta } from '../strings-admin';
import type { Options, Site } from '../types';
import { AddSite } from './site-add';

export function SettingsView() {
  return (
    <>
      <ForSite title={ta.settings.title}>
        {(site) => (
          <div key={site.key}>
            <SiteForm site={site} />
            <OptionsForm site={site} />
          </div>
        )}
      </ForSite>
      {isOwner.value && (
        <div class="page">
          <AddSite />
        </div>
      )}
    </>
  );
}

function put(changed: Partial<Site>, key: string) {
  sites.value = (sites.value ?? []).map((site) => (site.key === key ? { ...site, ...changed } : site));
}

function SiteForm({ site }: { site: Site }) {
  const { run, busy, note, error } = useAct();
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const name = String(data.get('name')).trim();
    const origins = String(data.get('origins')).split(/\s+/).filter(Boolean);
    void run(async () => {
      await api.changeSite(site.key, { name, origins });
      put({ name, origins }, site.key);
      return t.common.saved;
    });
  };
  return (
    <form class="stack panel" onSubmit={save}>
      <h2>{ta.settings.siteTitle}</h2>
      <p class="meta">
        {ta.settings.key}: <span class="mono">{site.key}</span>
      </p>
      <Field id="site-name" label={ta.settings.name}>
        <input id="site-name" name="name" required defaultValue={site.name} />
      </Field>
      <Field id="site-origins" label={ta.settings.origins} hint={ta.settings.originsHint}>
        <textarea
          id="site-origins"
          name="origins"
          class="mono"
          rows={Math.max(2, site.origins.length)}
          required
          aria-describedby="site-origins-hint"
          defaultValue={site.origins.join('\n')}
        />
      </Field>
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy}>
          {t.common.save}
        </button>
        <Outcome note={note} error={error} />
      </div>
    </form>
  );
}

const listed = new Set(optionGroups.flatMap(([, names]) => names));

function OptionsForm({ site }: { site: Site }) {
  const [changed, setChanged] = useState<Options>({});
  const { run, busy, note, error } = useAct();
  const dirty = Object.keys(changed).length > 0;
  const others = Object.keys(site.options).filter((name) => !listed.has(name));
  const groups: [string, string[]][] = [...optionGroups, [otherGroup, others]];
  const set = (name: string, value: Options[string]) => {
    const { [name]: _, ...rest } = changed;
    setChanged(value === site.options[name] ? rest : { ...rest, [name]: value });
  };
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    void run(async () => {
      await api.changeOptions(site.key, changed);
      put({ options: { ...site.options, ...changed } }, site.key);
      setChanged({});
      void loadSites();
      return t.common.saved;
    });
  };
  return (
    <form class="stack panel" onSubmit={save}>
      {groups.map(([title, names]) => {
        const present = names.filter((name) => name in site.options);
        if (present.length === 0) return null;
        return (
          <section key={title} class="stack" aria-label={title}>
            <h2>{title}</h2>
            {present.map((name) => (
              <OptionField
                key={name}
                name={name}
                value={changed[name] ?? site.options[name] ?? ''}
                numeric={typeof site.options[name] === 'number'}
                onChange={(value) => set(name, value)}
              />
            ))}
          </section>
        );
      })}
      <div class={dirty ? 'buttons dirty' : 'buttons'}>
        {dirty && <span>{t.common.unsaved}</span>}
        <button type="submit" class="primary" disabled={busy || !dirty}>
          {t.common.save}
        </button>
        {dirty && (
          <button type="button" onClick={() => setChanged({})}>
            {t.common.discard}
          </button>
        )}
        <Outcome note={note} error={error} />
      </div>
    </form>
  );
}
