// Times for people. The formatters are made once: making one costs more than
// using it a thousand times.
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const short = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** "3 hours ago", "in 2 minutes", "now". */
export function ago(at: string, now: number): string {
  const seconds = (Date.parse(at) - now) / 1000;
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return seconds > 5 ? relative.format(Math.round(seconds), 'second') : 'just now';
}

/** "2 h 14 min": how long something has been waiting. */
export function span(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} days`;
}

export const fullTime = (at: string) => full.format(Date.parse(at));
export const dateOnly = (at: string) => date.format(Date.parse(at));
/** "14:30" today, with the date otherwise. */
export const timeOnly = (at: string) =>
  dateOnly(at) === date.format(Date.now()) ? short.format(Date.parse(at)) : fullTime(at);

const target = 2 * 3600_000;

/** How late a waiting comment is against the two-hour target: calm, soon (half), late. */
export function lateness(ms: number): 'calm' | 'soon' | 'late' {
  if (ms >= target) return 'late';
  return ms >= target / 2 ? 'soon' : 'calm';
}
