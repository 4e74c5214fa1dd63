// What belongs to the browser and not to the data: theme, clock, network,
// messages for screen readers, preferences.
import { effect, signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';

/** Spoken politely: results of what the moderator did. */
export const said = signal('');
/** Spoken at once: what failed. */
export const alarm = signal('');
export const online = signal(navigator.onLine);
/** A coarse clock for ages; it moves once in half a minute. */
export const minute = signal(Date.now());
export const theme = signal<Theme>(stored('theme', 'auto') as Theme);
/** Single-letter keys can be turned off: speech input would press them. */
export const keysOn = signal(stored('keys', 'on') === 'on');

const wideQuery = matchMedia('(min-width: 1200px)');
/** True where the detail stands beside the list as a third pane. */
export const wide = signal(wideQuery.matches);

/** Announces even a text that was just announced. */
export function say(text: string) {
  said.value = said.value === text ? `${text}\u00a0` : text;
}

export function alert(text: string) {
  alarm.value = alarm.value === text ? `${text}\u00a0` : text;
}

export function watch() {
  addEventListener('online', () => (online.value = true));
  addEventListener('offline', () => (online.value = false));
  wideQuery.addEventListener('change', () => (wide.value = wideQuery.matches));
  setInterval(() => (minute.value = Date.now()), 30_000);
  effect(() => {
    keep('theme', theme.value);
    document.documentElement.dataset['theme'] = theme.value;
  });
  effect(() => keep('keys', keysOn.value ? 'on' : 'off'));
}

// Storage may be forbidden; then preferences last as long as the tab.
function stored(name: string, otherwise: string): string {
  try {
    return localStorage.getItem(`afterword-${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function keep(name: string, value: string) {
  try {
    localStorage.setItem(`afterword-${name}`, value);
  } catch {
    return;
  }
}
