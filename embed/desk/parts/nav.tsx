// Where one can go: a column at the side, a bar at the bottom on a phone.
import { useEffect, useRef } from 'preact/hooks';
import { home } from '../place';
import { signOut, user } from '../session';
import { help } from '../state/dialogs';
import { counts } from '../state/queue';
import { href, screen } from '../state/router';
import { isOwner, mayAdminister, mayManageRules } from '../state/sites';
import { theme, type Theme } from '../state/ui';
import { t } from '../strings';
import { Key } from './bits';
import { Icon, type IconName } from './icons';

function Place({ to, icon, text, count }: { to: string; icon: IconName; text: string; count?: number | undefined }) {
  return (
    <li>
      <a href={href(home + to)} aria-current={screen.value === to ? 'page' : undefined}>
        <Icon name={icon} />
        <span>{text}</span>
        {count !== undefined && <span class="count">{count.toLocaleString('en')}</span>}
      </a>
    </li>
  );
}

export function Nav() {
  const bar = useRef<HTMLElement>(null);
  const at = screen.value;
  // On a phone the bar is wider than the screen.
  useEffect(() => bar.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }), [at]);
  return (
    <header class="side">
      <p class="brand">{t.product}</p>
      <nav aria-label={t.nav.label} ref={bar}>
        <ul>
          <Place to="" icon="queue" text={t.nav.queue} count={counts.value?.pending} />
          <Place to="pages" icon="page" text={t.nav.pages} />
          <Place to="people" icon="users" text={t.nav.people} />
          <Place to="decisions" icon="scales" text={t.nav.decisions} />
        </ul>
        {(mayAdminister.value || mayManageRules.value) && (
          <ul>
            {mayAdminister.value && <Place to="words" icon="words" text={t.nav.words} />}
            {mayAdminister.value && <Place to="links" icon="link" text={t.nav.links} />}
            {mayManageRules.value && <Place to="rules" icon="rules" text={t.nav.rules} />}
            {mayAdminister.value && <Place to="checks" icon="plug" text={t.nav.checks} />}
          </ul>
        )}
        <ul>
          {mayAdminister.value && <Place to="webhooks" icon="hook" text={t.nav.webhooks} />}
          {mayAdminister.value && <Place to="settings" icon="gear" text={t.nav.settings} />}
          {isOwner.value && <Place to="users" icon="key" text={t.nav.users} />}
          <Place to="account" icon="person" text={t.nav.account} />
        </ul>
      </nav>
      <div class="side-foot">
        <ThemeButton />
        <button type="button" class="plain" aria-keyshortcuts="?" onClick={() => (help.value = true)}>
          <Icon name="keys" />
          <span>{t.nav.keys}</span>
          <Key name="?" />
        </button>
        <button type="button" class="plain" onClick={() => void signOut()}>
          <Icon name="out" />
          <span>{t.nav.signOut}</span>
        </button>
        <p class="meta who-am-i">{user.value?.email}</p>
      </div>
    </header>
  );
}

const following: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };

export function ThemeButton() {
  return (
    <button type="button" class="plain" onClick={() => (theme.value = following[theme.value])}>
      <Icon name="sun" />
      <span>{t.nav.theme[theme.value]}</span>
    </button>
  );
}
