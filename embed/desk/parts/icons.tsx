// The desk's symbols: 16 px, 1.5 px stroke, always beside a word or an
// accessible name. The shapes differ, so that colour is never the only sign.
const paths = {
  tick: 'M3 8.5 6.5 12 13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  slash: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM3.8 3.8l8.4 8.4',
  bin: 'M2.5 4.5h11M6 4.5V2.5h4v2M4 4.5l.6 9h6.8l.6-9',
  back: 'M6 3 2.5 6.5 6 10M2.5 6.5H10a3.5 3.5 0 0 1 0 7H6',
  clock: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 4.5V8l2.5 1.5',
  flag: 'M4 14V2.5h8l-1.8 3 1.8 3H4',
  queue: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  rules: 'M2.5 3.5h4M2.5 8h4M2.5 12.5h4M9 3.5l1.5 1.5L13.5 2M9 8l1.5 1.5L13.5 6.5M9.5 12.5h4',
  hook: 'M6.5 4.5 9 2l5 5-2.5 2.5M9.5 11.5 7 14 2 9l2.5-2.5M6 10l4-4',
  words: 'M2 3.5h12M2 7h5M9.5 7H14M2 10.5h8M2 14h4',
  link: 'M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.3 4.3L11 9M9 11.5 7.5 13a3 3 0 0 1-4.3-4.3L5 7',
  plug: 'M5.5 1.5v4M10.5 1.5v4M3.5 5.5h9V8a4.5 4.5 0 0 1-9 0ZM8 12.5v2',
  gear: 'M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4',
  users: 'M6 2.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 3a2.3 2.3 0 0 1 0 4.2M12 9.8c1.6.5 2.5 1.8 2.5 3.7',
  key: 'M5.5 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM7.7 7.8 13.5 2M11 4.5l2 2',
  person: 'M8 2.5a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4ZM2.8 14c0-2.7 2.3-4.3 5.2-4.3s5.2 1.6 5.2 4.3',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  keys: 'M1.5 4h13v8h-13ZM4 6.7h.01M6.7 6.7h.01M9.3 6.7h.01M12 6.7h.01M5 9.5h6',
  out: 'M6.5 2.5h-4v11h4M6 8h8M11 5l3 3-3 3',
  page: 'M4 1.5h5.5L12.5 4.5v10H4ZM9 1.5v3.5h3.5M6 8h4.5M6 11h4.5',
  copies: 'M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3',
  scales: 'M8 2v12M5 14h6M3 4.5h10M3 4.5 1.2 9a1.9 1.9 0 0 0 3.6 0ZM13 4.5 11.2 9a1.9 1.9 0 0 0 3.6 0Z',
  left: 'M10 3 5 8l5 5',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
