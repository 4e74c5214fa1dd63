// Staff accounts, for owners.
import { useRef } from 'preact/hooks';
import * as api from '../api';
import { Chip, Empty, Field } from '../parts/bits';
import { Pending, Table } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { SecretDialog } from '../parts/secret';
import { useAct, useLoaded } from '../parts/use';
import { user } from '../session';
import { question, secret } from '../state/dialogs';
import { isOwner, nameOf, sites } from '../state/sites';
import { t } from '../strings';
import { ta } from '../strings-admin';
import { dateOnly } from '../time';
import type { Role, User } from '../types';

const roles: Role[] = ['viewer', 'moderator', 'admin', 'owner'];
/** For a new account: the usual one first, so that it is the form's default. */
const offered: Role[] = ['moderator', 'viewer', 'admin', 'owner'];

export function UsersView() {
  if (!isOwner.value) return <Empty title={t.common.forbidden(t.roles.owner)} />;
  return <Users />;
}

function Users() {
  const { data, trouble, reload } = useLoaded('users', () => api.listUsers());
  return (
    <div class="page">
      <h1>{ta.users.title}</h1>
      <Pending of={{ data, trouble, reload }} />
      {data && (
        <Table heads={[t.signIn.email, ta.users.role, ta.users.site, ta.users.since, ta.users.state]}>
          {data.users.map((one) => (
            <UserRow key={one.id} account={one} reload={reload} />
          ))}
        </Table>
      )}
      <AddUser done={reload} />
      {secret.value && <SecretDialog />}
    </div>
  );
}

const place = (site: string) => (site === '*' ? t.common.allSites : nameOf(site));

function UserRow({ account, reload }: { account: User; reload: () => void }) {
  const { run, error, busy } = useAct();
  const mine = account.id === user.value?.id;
  const grant = account.roles[0];
  const change = (what: Parameters<typeof api.changeUser>[1]) =>
    void run(async () => {
      await api.changeUser(account.id, what);
      reload();
    });
  const role = (event: Event) => {
    const picked = (event.currentTarget as HTMLSelectElement).value as Role;
    change(grant && grant.site !== '*' ? { role: picked, site: grant.site } : { role: picked });
  };
  const turn = () => {
    if (account.disabled) return change({ disabled: false });
    const title = ta.users.disableTitle(account.email);
    const act = () => change({ disabled: true });
    question.value = { title, hint: ta.users.disableHint, verb: ta.users.disable, act };
  };
  const renew = () => {
    const act = () =>
      void run(async () => {
        const password = madeUp();
        await api.changeUser(account.id, { password });
        secret.value = { title: ta.users.passwordTitle, hint: ta.users.passwordHint(account.email), text: password };
      });
    question.value = { title: ta.users.renewTitle(account.email), hint: ta.users.renewHint, verb: ta.users.renew, act };
  };
  return (
    <tr>
      <td data-label={t.signIn.email}>
        <span class="email">
          {account.email} {mine && <span class="meta">({ta.users.you})</span>}
          <Outcome note="" error={error} />
        </span>
      </td>
      <td data-label={ta.users.role}>
        <select aria-label={ta.users.roleOf(account.email)} disabled={mine || busy} onChange={role} value={account.role}>
          {roles.map((one) => (
            <option key={one} value={one} selected={one === account.role}>
              {t.roles[one]}
            </option>
          ))}
        </select>
      </td>
      <td data-label={ta.users.site}>{account.roles.map((one) => place(one.site)).join(', ') || '–'}</td>
      <td data-label={ta.users.since}>{dateOnly(account.created_at)}</td>
      <td data-label={ta.users.state}>
        <span class="buttons">
          {account.disabled ? (
            <Chip tone="danger" icon="slash">
              {ta.users.disabled}
            </Chip>
          ) : (
            <Chip tone="ok" icon="tick">
              {ta.users.active}
            </Chip>
          )}
          {!mine && (
            <button type="button" disabled={busy} onClick={turn}>
              {account.disabled ? ta.users.enable : ta.users.disable}
            </button>
          )}
          {!mine && (
            <button type="button" disabled={busy} aria-label={ta.users.renewOf(account.email)} onClick={renew}>
              {ta.users.renew}
            </button>
          )}
        </span>
      </td>
    </tr>
  );
}

/** A password of 120 random bits. */
function madeUp(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(15));
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_');
}

function AddUser({ done }: { done: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const { run, busy, error } = useAct();
  const add = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const email = String(data.get('email')).trim();
    const site = String(data.get('site'));
    const role = String(data.get('role')) as Role;
    void run(async () => {
      const made = await api.addUser({ email, role, ...(site ? { site } : {}) });
      const hint = ta.users.passwordHint(email);
      if (made.password) secret.value = { title: ta.users.passwordTitle, hint, text: made.password };
      form.current?.reset();
      done();
    });
  };
  return (
    <form ref={form} class="stack panel" onSubmit={add}>
      <h2>{ta.users.add}</h2>
      <Field id="user-email" label={t.signIn.email} error={error || undefined}>
        <input id="user-email" name="email" type="email" required autocomplete="off" />
      </Field>
      <Field id="user-role" label={ta.users.role}>
        <select id="user-role" name="role">
          {offered.map((one) => (
            <option key={one} value={one}>
              {t.roles[one]}
            </option>
          ))}
        </select>
      </Field>
      <Field id="user-site" label={ta.users.site}>
        <select id="user-site" name="site">
          <option value="">{t.common.allSites}</option>
          {(sites.value ?? []).map((site) => (
            <option key={site.key} value={site.key}>
              {site.name}
            </option>
          ))}
        </select>
      </Field>
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy}>
          {ta.users.submit}
        </button>
      </div>
    </form>
  );
}
