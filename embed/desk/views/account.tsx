// The user's own account and this browser's preferences.
import { useRef } from 'preact/hooks';
import * as api from '../api';
import { Field } from '../parts/bits';
import { ThemeButton } from '../parts/nav';
import { Outcome } from '../parts/outcome';
import { useAct } from '../parts/use';
import { signOut, user } from '../session';
import { nameOf } from '../state/sites';
import { keysOn } from '../state/ui';
import { t } from '../strings';
import { ta } from '../strings-admin';

export function AccountView() {
  const me = user.value;
  return (
    <div class="page">
      <h1>{ta.account.title}</h1>
      <p>
        {me?.email}
        <span class="meta">
          {' '}
          {me?.roles
            .map((grant) => `${t.roles[grant.role]}, ${grant.site === '*' ? t.common.allSites : nameOf(grant.site)}`)
            .join(' · ')}
        </span>
      </p>
      <section class="panel stack" aria-labelledby="look-title">
        <h2 id="look-title">{ta.account.look}</h2>
        <div class="buttons">
          <ThemeButton />
          <button type="button" onClick={() => void signOut()}>
            {t.nav.signOut}
          </button>
        </div>
        <label class="switch">
          <input type="checkbox" checked={keysOn.value} onChange={() => (keysOn.value = !keysOn.value)} />
          {t.keys.on}
        </label>
        <p class="hint">{t.keys.onHint}</p>
      </section>
      <PasswordForm />
    </div>
  );
}

function PasswordForm() {
  const form = useRef<HTMLFormElement>(null);
  const { run, busy, note, error } = useAct();
  const change = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    void run(async () => {
      await api.changePassword(String(data.get('current')), String(data.get('password')));
      form.current?.reset();
      return ta.account.changed;
    });
  };
  return (
    <form ref={form} class="stack panel" onSubmit={change}>
      <h2>{ta.account.passwordTitle}</h2>
      <input class="unseen" type="text" autocomplete="username" value={user.value?.email} readOnly tabIndex={-1} aria-hidden="true" />
      <Field id="pw-current" label={ta.account.current}>
        <input id="pw-current" name="current" type="password" required autocomplete="current-password" />
      </Field>
      <Field id="pw-new" label={ta.account.fresh} hint={ta.account.freshHint}>
        <input
          id="pw-new"
          name="password"
          type="password"
          required
          minLength={12}
          autocomplete="new-password"
          aria-describedby="pw-new-hint"
        />
      </Field>
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy}>
          {ta.account.submit}
        </button>
        <Outcome note={note} error={error} />
      </div>
    </form>
  );
}
