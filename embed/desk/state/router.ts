// The address bar is the view's state: path and query say which screen, which
// filters, which comment is open, so that a reload or a shared link restores it.
import { computed, signal } from '@preact/signals';
import { home } from '../place';

export interface Route {
  path: string;
  query: URLSearchParams;
}

const read = (): Route => ({ path: location.pathname, query: new URLSearchParams(location.search) });

export const route = signal<Route>(read());

/** The part after the desk's own address: '' is the queue. */
export const screen = computed(() => route.value.path.slice(home.length).replace(/\/$/, ''));

/** One parameter as a signal that changes only when its own value does. */
export const param = (name: string) => computed(() => route.value.query.get(name) ?? '');

type Patch = Record<string, string | null>;

/** The address that `patch` would lead to; empty and null values are left out. */
export function href(path: string, patch: Patch = {}): string {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(patch)) if (value) out.set(name, value);
  const text = out.toString();
  return text ? `${path}?${text}` : path;
}

/** The current screen's address with some parameters changed. */
export function hrefWith(patch: Patch): string {
  const all: Patch = Object.fromEntries(route.value.query);
  return href(route.value.path, { ...all, ...patch });
}

export function go(to: string, replace = false) {
  if (new URL(to, location.href).pathname !== location.pathname) quiet.patch = {};
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  route.value = read();
}

export const amend = (patch: Patch, replace = true) => go(hrefWith(patch), replace);

const quiet = { timer: 0, patch: {} as Patch };

/** Writes into the address what need not redraw anything, and not at each key press: browsers limit that. */
export function remember(patch: Patch) {
  Object.assign(quiet.patch, patch);
  clearTimeout(quiet.timer);
  quiet.timer = window.setTimeout(() => {
    const rest = quiet.patch;
    quiet.patch = {};
    amend(rest);
  }, 300);
}

/** Links inside the desk stay inside it. Returns its own undoing. */
export function listen(): () => void {
  const stop = new AbortController();
  addEventListener('popstate', () => (route.value = read()), { signal: stop.signal });
  document.addEventListener('click', follow, { signal: stop.signal });
  return () => stop.abort();
}

function follow(event: MouseEvent) {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.origin !== location.origin) return;
  if (!link.pathname.startsWith(home)) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  quiet.patch = {};
  go(link.pathname + link.search);
}
