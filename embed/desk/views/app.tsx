// The frame around every screen: sign-in, navigation, live regions, dialogs.
import type { FunctionComponent } from 'preact';
import { useEffect } from 'preact/hooks';
import { Failure } from '../parts/bits';
import { Dialogs } from '../parts/dialogs';
import { lazy } from '../parts/lazy';
import { Nav } from '../parts/nav';
import { Notice } from '../parts/notice';
import { home } from '../place';
import { confirming, phase, start } from '../session';
import { follow as followDetail } from '../state/detail';
import * as keys from '../state/keys';
import * as live from '../state/live';
import { follow as followPremoderation } from '../state/premoderation';
import { follow as followQueue } from '../state/queue';
import { screen } from '../state/router';
import { load as loadSites } from '../state/sites';
import { alarm, online, said } from '../state/ui';
import { t } from '../strings';
import { QueueView } from './queue';
import { ConfirmDialog, SignInAgain, SignInView } from './signin';

export function App() {
  const now = phase.value;
  return (
    <>
      {now === 'unreachable' && (
        <main class="alone">
          <h1>{t.desk}</h1>
          <Failure text={t.signIn.unreachable} retry={() => void start()} />
        </main>
      )}
      {now === 'out' && <SignInView />}
      {(now === 'in' || now === 'ended') && <Desk />}
      {confirming.value && <ConfirmDialog />}
      {now === 'ended' && <SignInAgain />}
      <p class="unseen" role="status">
        {said.value}
      </p>
      <p class="unseen" role="alert">
        {alarm.value}
      </p>
    </>
  );
}

const titles: Record<string, string> = {
  '': t.queue.title,
  people: t.nav.people,
  words: t.nav.words,
  links: t.nav.links,
  pages: t.nav.pages,
  decisions: t.nav.decisions,
  webhooks: t.nav.webhooks,
  checks: t.nav.checks,
  rules: t.nav.rules,
  settings: t.nav.settings,
  users: t.nav.users,
  account: t.nav.account,
};

function Desk() {
  useEffect(() => {
    void loadSites();
    followQueue();
    followDetail();
    followPremoderation();
    live.listen();
    return keys.listen();
  }, []);
  const at = screen.value;
  useEffect(() => {
    document.title = `${titles[at] ?? t.product} · ${t.desk}`;
  }, [at]);
  return (
    <div class="frame">
      <a class="skip" href="#main">
        {t.skip}
      </a>
      <Nav />
      <main id="main" tabIndex={-1}>
        {!online.value && (
          <p class="offline" role="alert">
            {t.common.offline}
          </p>
        )}
        <Notice />
        <Screen at={at} />
      </main>
      <Dialogs />
    </div>
  );
}

const pages: Record<string, FunctionComponent> = {
  '': QueueView,
  people: lazy(async () => (await import('./people')).PeopleView),
  words: lazy(async () => (await import('./words')).WordsView),
  links: lazy(async () => (await import('./links')).LinksView),
  pages: lazy(async () => (await import('./pages')).PagesView),
  decisions: lazy(async () => (await import('./decisions')).DecisionsView),
  webhooks: lazy(async () => (await import('./webhooks')).WebhooksView),
  checks: lazy(async () => (await import('./checks')).ChecksView),
  rules: lazy(async () => (await import('./rules')).RulesView),
  settings: lazy(async () => (await import('./admin')).SettingsView),
  users: lazy(async () => (await import('./admin')).UsersView),
  account: lazy(async () => (await import('./admin')).AccountView),
};

function Screen({ at }: { at: string }) {
  const Page = pages[at];
  if (Page) return <Page />;
  return (
    <div class="empty">
      <h1>{t.common.notFound}</h1>
      <a href={home}>{t.common.toQueue}</a>
    </div>
  );
}
