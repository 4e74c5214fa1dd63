// The routes of moderators' rules, one function each.
import { fetchFrom, query } from './http';
import { authed, withToken } from './session';
import type * as R from './types-rules';

const rules = (site: string) => `sites/${encodeURIComponent(site)}/rules`;
const one = (site: string, id: string) => `${rules(site)}/${encodeURIComponent(id)}`;

export async function listRules(site: string): Promise<R.Rule[]> {
  const list: R.Rule[] = [];
  let cursor: string | null = null;
  do {
    const page: { rules: R.Rule[]; next_cursor: string | null } = await authed('GET', rules(site) + query({ limit: 100, cursor }));
    list.push(...page.rules);
    cursor = page.next_cursor;
  } while (cursor);
  return list;
}
export const readRule = (site: string, id: string) => authed<R.RuleDetail>('GET', one(site, id));
export const listFacts = async (site: string) => (await authed<{ facts: R.Fact[] }>('GET', `${rules(site)}/facts`)).facts;
export const addRule = (site: string, body: R.RuleChange) =>
  authed<R.Rule>('POST', rules(site), { body, headers: { 'Idempotency-Key': crypto.randomUUID() } });
export const changeRule = (site: string, id: string, body: R.RuleChange) => authed<R.Rule>('PATCH', one(site, id), { body });
export const removeRule = (site: string, id: string) => authed<void>('DELETE', one(site, id));
export const orderRules = (site: string, ids: string[]) => authed<unknown>('POST', `${rules(site)}/order`, { body: { ids } });
export const exportRules = (site: string) =>
  withToken(async (token) => (await fetchFrom('GET', `${rules(site)}/export`, { token })).blob());
export const importRules = async (site: string, body: unknown) =>
  (await authed<{ results: R.RuleImported[] }>('POST', `${rules(site)}/import`, { body, headers: { 'Idempotency-Key': crypto.randomUUID() } })).results;

type Condition = { when: string } | { form: R.RuleForm };
export const checkRule = (site: string, body: Condition, signal: AbortSignal) =>
  authed<{ when: string; form: R.RuleForm | null; facts: string[] }>('POST', `${rules(site)}/check`, { body, signal });
export const rehearse = (site: string, rule: Condition & { action: R.RuleAction; id?: string; name: string; priority: number; n: number }) =>
  authed<R.Rehearsal>('POST', `${rules(site)}/rehearse`, { body: rule });
