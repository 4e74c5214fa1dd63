// The sites that the user may see, read once and again after a change.
import { computed, signal } from '@preact/signals';
import * as api from '../api';
import { user } from '../session';
import { explain } from '../strings';
import type { Role, Site } from '../types';

export const sites = signal<Site[] | null>(null);
export const trouble = signal('');

const ranks: Role[] = ['viewer', 'moderator', 'admin', 'owner'];
const atLeast = (role: Role | undefined, least: Role) => ranks.indexOf(role ?? 'viewer') >= ranks.indexOf(least);

export const isOwner = computed(() => user.value?.role === 'owner');
export const administered = computed(() => (sites.value ?? []).filter((site) => atLeast(site.role, 'admin')));
export const moderated = computed(() => (sites.value ?? []).filter((site) => atLeast(site.role, 'moderator')));
/** Whether the user may change what belongs to the administrators of this site. */
export const mayManage = (key: string) => administered.value.some((site) => site.key === key);
export const mayManageRules = computed(() => atLeast(user.value?.role, 'moderator'));
export const mayAdminister = computed(() => atLeast(user.value?.role, 'admin'));

/** Whether the user may decide on this site's comments. */
export function mayModerate(key: string): boolean {
  const site = sites.value?.find((other) => other.key === key);
  return atLeast(site?.role ?? user.value?.role, 'moderator');
}

export const nameOf = (key: string) => sites.value?.find((site) => site.key === key)?.name ?? key;

export async function load(): Promise<void> {
  trouble.value = '';
  try {
    sites.value = (await api.listSites()).sites;
  } catch (problem) {
    trouble.value = explain(problem);
  }
}
