// The staff API, one function a route. Everything the desk can do, a script
// can do: there is no other API behind it.
import { exchange, fetchFrom, query } from './http';
import { authed, withToken } from './session';
import type * as T from './types';

export { Problem } from './http';

const enc = encodeURIComponent;
const key = () => ({ 'Idempotency-Key': crypto.randomUUID() });
const get = <R>(path: string, signal?: AbortSignal) => authed<R>('GET', path, signal ? { signal } : {});
const post = <R>(path: string, body: unknown = {}) => authed<R>('POST', path, { body });
const create = <R>(path: string, body: unknown) => authed<R>('POST', path, { body, headers: key() });
const patch = <R>(path: string, body: unknown) => authed<R>('PATCH', path, { body });
const remove = (path: string) => authed<void>('DELETE', path);

/** A list, all its pages. */
async function all<K extends string, V>(path: string, name: K): Promise<Record<K, V[]>> {
  const items: V[] = [];
  let cursor: string | null = null;
  do {
    const page: Record<K, V[]> & { next_cursor: string | null } = await get(path + query({ limit: 100, cursor }).replace('?', path.includes('?') ? '&' : '?'));
    items.push(...page[name]);
    cursor = page.next_cursor;
  } while (cursor);
  return { [name]: items } as Record<K, V[]>;
}

export interface QueueQuery {
  site?: string;
  status?: string;
  q?: string;
  reason?: string;
  author?: string;
  page?: string;
  group?: string;
  grouped?: 'true' | undefined;
  sort?: string;
  /** Those with open reports, the heaviest first; no other filter but the site goes with it. */
  reported?: string;
  limit?: number;
  cursor?: string | null;
}

export const listComments = (by: QueueQuery, signal?: AbortSignal) =>
  get<T.Queue>(`moderation/comments${query(by.reported ? { site: by.site, reported: by.reported, limit: by.limit, cursor: by.cursor } : { ...by })}`, signal);
export const readComment = (id: string, signal?: AbortSignal) =>
  get<T.Detail>(`moderation/comments/${enc(id)}`, signal);

export interface DecisionRequest {
  action: T.Action;
  items?: { id: string; revision: number; status: T.Status }[];
  group?: string;
  site?: string;
  as_of?: string;
  reason?: string;
  clause?: string;
  message?: string;
  tell?: boolean;
  note?: string;
}
export const decide = (request: DecisionRequest) => create<T.Decision>('moderation/decisions', request);
export const undo = (decision: string) =>
  post<{ decision_id: string; results: T.DecisionResult[] }>(`moderation/decisions/${enc(decision)}/undo`);

const pagesOf = (site: string) => `sites/${enc(site)}/pages`;
export const listPremoderated = (site: string) =>
  all<'pages', T.PageEntry>(`${pagesOf(site)}?premoderated=true`, 'pages');
export const listPages = (site: string, cursor: string | null) =>
  get<{ pages: T.PageEntry[]; next_cursor: string | null }>(pagesOf(site) + query({ limit: 50, cursor }));
export interface PageChange {
  open?: boolean;
  premoderate?: string;
  release?: string;
  reason?: string;
}
export const changePage = (site: string, page: string, change: PageChange) =>
  patch<T.PageEntry>(pagesOf(site) + query({ page }), change);
const ofSite = (site: string, rest: string) => `sites/${enc(site)}/${rest}`;
type ClauseChange = Partial<Omit<T.Clause, 'id'>>;
export const listClauses = (site: string) => all<'clauses', T.Clause>(ofSite(site, 'clauses'), 'clauses');
export const addClause = (site: string, given: ClauseChange) => create<T.Clause>(ofSite(site, 'clauses'), given);
export const changeClause = (site: string, id: string, change: ClauseChange) =>
  patch<T.Clause>(ofSite(site, `clauses/${enc(id)}`), change);
export const listTemplates = (site: string) => all<'templates', T.Template>(ofSite(site, 'templates'), 'templates');
export const putTemplate = (site: string, name: string, text: string) =>
  authed<T.Template>('PUT', ofSite(site, `templates/${enc(name)}`), { body: { text } });
export const removeTemplate = (site: string, name: string) => remove(ofSite(site, `templates/${enc(name)}`));
export interface Trial {
  comment_id?: string;
  clause?: string;
  reason?: string;
  text?: string;
}
export const tryMessage = (site: string, trial: Trial, signal?: AbortSignal) =>
  authed<{ template: string; message: string }>('POST', ofSite(site, 'messages/preview'), {
    body: trial,
    ...(signal ? { signal } : {}),
  });

export const listAppeals = (site: string, state: string, cursor: string | null) =>
  get<{ appeals: T.Appeal[]; next_cursor: string | null }>(ofSite(site, `appeals${query({ state, cursor })}`));
export const assignAppeal = (site: string, id: string, assignee: string | null) =>
  patch<T.Appeal>(ofSite(site, `appeals/${enc(id)}`), { assignee });
export const decideAppeal = (site: string, id: string, ruling: { outcome: string; answer: string; restore?: boolean }) =>
  post<T.Appeal>(ofSite(site, `appeals/${enc(id)}/decision`), ruling);

export const listLooks = (site: string) =>
  get<{ second_looks: T.SecondLook[]; next_cursor: string | null }>(ofSite(site, 'second-looks'));
export const judge = (site: string, id: string, verdict: T.Verdict) =>
  post<{ id: string; verdict: T.Verdict }>(ofSite(site, `second-looks/${enc(id)}`), { verdict });
export const readAgreement = (site: string) => get<T.Agreement>(ofSite(site, 'agreement'));
export const listDisagreements = (site: string) =>
  get<{ disagreements: T.Disagreement[] }>(ofSite(site, 'disagreements'));

export const changePassword = (current: string, password: string) => post<void>('auth/password', { current, password });

export const listSites = () => all<'sites', T.Site>('sites', 'sites');
export const addSite = (site: { key: string; name: string; origins: string[] }) => create<T.Site>('sites', site);
export const changeSite = (site: string, change: { name?: string; origins?: string[] }) =>
  patch<T.Site>(`sites/${enc(site)}`, change);
export const changeOptions = (site: string, options: T.Options) => patch<T.Site>(`sites/${enc(site)}`, { options });

const words = (site: string) => `sites/${enc(site)}/words`;
export const listWords = (site: string, by: { list: string; q: string }, cursor: string | null) =>
  get<{ words: T.Word[]; next_cursor: string | null }>(words(site) + query({ ...by, cursor, limit: 100 }));
export const readWord = (site: string, id: string) => get<T.Word>(`${words(site)}/${enc(id)}`);
export const addWord = (site: string, given: T.WordGiven) => create<T.Word>(words(site), given);
export const changeWord = (site: string, id: string, change: T.WordGiven) =>
  patch<T.Word>(`${words(site)}/${enc(id)}`, change);
export const removeWord = (site: string, id: string) => remove(`${words(site)}/${enc(id)}`);
export const importWords = (site: string, what: { format: string; text: string; list: string; dry_run: boolean }) =>
  create<T.WordImported>(`${words(site)}/import`, what);
export const exportWords = (site: string, list: string, format: string) =>
  withToken(async (token) =>
    (await fetchFrom('GET', `${words(site)}/export${query({ list, format })}`, { token })).blob(),
  );
export const testWords = (site: string, text: string, page: string) =>
  post<{ matches: T.WordMatch[] }>(`${words(site)}/test`, { text, page });
export const listHosts = (site: string, by: { sort: string; q: string }, cursor: string | null) =>
  get<{ hosts: T.Host[]; next_cursor: string | null }>(`sites/${enc(site)}/hosts${query({ ...by, cursor })}`);

const people = (site: string) => `sites/${enc(site)}/people`;
/** A page of the log, newest first; '' is that of the installation. */
export const listAudit = (site: string, cursor: string | null) => get<T.AuditPage>(`audit${query({ site, limit: 50, cursor })}`);
/** The statements of reasons as a file; it comes in pages, each of which names the next. */
export async function exportStatements(site: string, since: string, format: string): Promise<Blob> {
  const parts: Blob[] = [];
  let rest: string | undefined = query({ since, format });
  while (rest !== undefined) {
    const at: string = rest;
    const answer = await withToken((token) => fetchFrom('GET', `sites/${enc(site)}/decisions/export${at}`, { token }));
    parts.push(await answer.blob());
    rest = /<(\?[^>]*)>; rel="next"/.exec(answer.headers.get('Link') ?? '')?.[1];
  }
  return new Blob(parts, { type: 'text/plain' });
}

export const listPeople = (site: string, by: { q: string; email: string; standing: string }, cursor: string | null) =>
  get<{ people: T.Person[]; next_cursor: string | null }>(people(site) + query({ ...by, cursor }));
export const readPerson = (site: string, id: string) => get<T.PersonDetail>(`${people(site)}/${enc(id)}`);
export const changePerson = (site: string, id: string, change: T.PersonChange) =>
  patch<{ person: T.PersonDetail; decision: T.Decision | null }>(`${people(site)}/${enc(id)}`, change);

/** Where blocks are kept: '*' is every site. */
const blocks = (site: string) => (site === '*' ? 'blocks' : `sites/${enc(site)}/blocks`);
export const listBlocks = (site: string, meeting: string, cursor: string | null) =>
  get<{ blocks: T.Block[]; next_cursor: string | null }>(blocks(site) + query({ meeting, cursor }));
export const addBlock = (site: string, block: T.BlockTerms & { value: string }) => create<T.Block>(blocks(site), block);
export const importBlocks = (site: string, list: T.BlockTerms & { values: string[] }) =>
  create<{ added: number; known: number; refused: { line: number; value: string; detail: string }[] }>(`${blocks(site)}/import`, list);
/** An `until` of '' is for good. */
export type BlockChange = Partial<Pick<T.BlockTerms, 'effect' | 'reason' | 'until'>>;
export const changeBlock = (site: string, id: string, change: BlockChange) =>
  patch<T.Block>(`${blocks(site)}/${enc(id)}`, change);
export const removeBlock = (site: string, id: string) => remove(`${blocks(site)}/${enc(id)}`);

const checks = (site: string) => `sites/${enc(site)}/checks`;
export const listChecks = (site: string) => all<'checks', T.Check>(checks(site), 'checks');
export const readCheck = (site: string, id: string) => get<T.Check>(`${checks(site)}/${enc(id)}`);
export const addCheck = (site: string, given: T.CheckChange) => create<T.Check>(checks(site), given);
export const changeCheck = (site: string, id: string, change: T.CheckChange) => patch<T.Check>(`${checks(site)}/${enc(id)}`, change);
export const removeCheck = (site: string, id: string) => remove(`${checks(site)}/${enc(id)}`);
export const testCheck = (site: string, id: string, text: string) => post<T.CheckTrial>(`${checks(site)}/${enc(id)}/test`, { text });
export const checkHealth = (site: string, id: string) => get<T.CheckHealth>(`${checks(site)}/${enc(id)}/health`);

export const listUsers = () => all<'users', T.User>('users', 'users');
export const addUser = (account: { email: string; role: T.Role; site?: string }) =>
  create<{ id: string; email: string; role: T.Role; password?: string }>('users', account);
export const changeUser = (id: string, change: { role?: T.Role; site?: string; disabled?: boolean; password?: string }) =>
  patch<T.User>(`users/${enc(id)}`, change);

const hooks = (site: string) => `sites/${enc(site)}/webhooks`;
export const listEndpoints = (site: string) => all<'endpoints', T.Endpoint>(hooks(site), 'endpoints');
export const readEndpoint = (site: string, id: string) => get<T.Endpoint>(`${hooks(site)}/${enc(id)}`);
export const addEndpoint = (site: string, given: T.EndpointChange) => create<T.Endpoint>(hooks(site), given);
export const changeEndpoint = (site: string, id: string, change: T.EndpointChange) =>
  patch<T.Endpoint>(`${hooks(site)}/${enc(id)}`, change);
export const checkAddress = (site: string, url: string, signal: AbortSignal) =>
  authed<{ ok: boolean; url: string }>('POST', `${hooks(site)}/check`, { body: { url }, signal });
export const endpointHealth = (site: string, id: string) =>
  get<T.EndpointHealth>(`${hooks(site)}/${enc(id)}/health`);
/** Whose shapes the payload can take, as the server's own description lists them. */
export const listTargets = async (): Promise<string[]> => {
  const described = await exchange<{ components: { schemas: { EndpointTarget: { enum: string[] } } } }>(
    'GET',
    '../openapi.json',
  );
  return described.components.schemas.EndpointTarget.enum;
};

export type ReplayRange = { since?: string; until?: string; broken?: boolean };
const replays = (site: string, id: string) => `${hooks(site)}/${enc(id)}/replay`;
export const countReplay = (site: string, id: string, range: ReplayRange) =>
  post<T.ReplayCount>(replays(site, id), { ...range, dry_run: true });
export const startReplay = (site: string, id: string, range: ReplayRange) =>
  create<T.Replay>(replays(site, id), range);
export const listReplays = (site: string, id: string) => get<{ replays: T.Replay[] }>(`${replays(site, id)}s`);
export const cancelReplay = (site: string, id: string, replay: string) =>
  post<T.Replay>(`${replays(site, id)}s/${enc(replay)}/cancel`);
export const removeEndpoint = (site: string, id: string) => remove(`${hooks(site)}/${enc(id)}`);
export const testEndpoint = (site: string, id: string) =>
  post<{ delivery_id: string; event_id: string }>(`${hooks(site)}/${enc(id)}/test`);
export const rotateEndpoint = (site: string, id: string, overlap: string) =>
  post<T.Endpoint>(`${hooks(site)}/${enc(id)}/rotate`, { overlap });
export interface DeliveryFilter {
  state: string;
  type: string;
  since: string;
  until: string;
}
export const listDeliveries = (site: string, id: string, by: DeliveryFilter, cursor: string | null) =>
  get<{ deliveries: T.Delivery[]; next_cursor: string | null }>(
    `${hooks(site)}/${enc(id)}/deliveries${query({ ...by, cursor })}`,
  );
export const readDelivery = (site: string, id: string) =>
  get<T.DeliveryDetail>(`sites/${enc(site)}/deliveries/${enc(id)}`);
export const redeliver = (site: string, id: string) =>
  post<T.Delivery>(`sites/${enc(site)}/deliveries/${enc(id)}/redeliver`);
