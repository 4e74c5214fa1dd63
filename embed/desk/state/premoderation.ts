// The pages in premoderation, of the sites that are looked at.
import { effect, signal } from '@preact/signals';
import * as api from '../api';
import type { PageEntry } from '../types';
import * as queue from './queue';
import { sites } from './sites';
import { minute } from './ui';

export interface Held {
  site: string;
  page: PageEntry;
}

export const held = signal<Held[]>([]);

let turn = 0;

/** Reads them anew. What cannot be read now is read at the next occasion. */
export async function load(): Promise<void> {
  const mine = ++turn;
  const keys = queue.site.value ? [queue.site.value] : (sites.value ?? []).map((site) => site.key).slice(0, 50);
  const found = await Promise.all(
    keys.map((site) =>
      api.listPremoderated(site).then(
        ({ pages }) => pages.map((page) => ({ site, page })),
        () => held.value.filter((one) => one.site === site),
      ),
    ),
  );
  if (mine === turn) held.value = found.flat();
}

/** Follows the choice of site, and the clock: a premoderation ends by itself. */
export function follow() {
  effect(() => {
    void [queue.site.value, sites.value];
    if (sites.value) void load();
  });
  effect(() => {
    void minute.value;
    const now = Date.now();
    const left = held.peek().filter(({ page }) => Date.parse(page.premoderation?.until ?? '') > now);
    if (left.length < held.peek().length) held.value = left;
  });
}

export async function change(site: string, page: string, what: api.PageChange): Promise<void> {
  await api.changePage(site, page, what);
  await load();
}
