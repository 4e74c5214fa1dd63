// The wire: one JSON exchange, and its failures as one error type. Knows
// nothing of sessions; session.ts adds those.
import { api } from './place';

export interface FieldProblem {
  name: string;
  code: string;
  detail: string;
}

/** An answer that is not a success. Status 0 means that no answer came. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly fields: FieldProblem[] = [],
    /** Seconds to wait, from Retry-After. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail);
  }
}

export interface Call {
  body?: unknown;
  token?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

const clock = { ahead: 0 };

/** Milliseconds by the server's clock, so that undo windows and ages hold on a machine whose clock is off. */
export function serverNow(): number {
  return Date.now() + clock.ahead;
}

export async function fetchFrom(method: string, path: string, call: Call = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...call.headers };
  if (call.body !== undefined) headers['Content-Type'] = 'application/json';
  if (call.token) headers['Authorization'] = `Bearer ${call.token}`;
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
  if (call.body !== undefined) init.body = JSON.stringify(call.body);
  if (call.signal) init.signal = call.signal;
  const response = await fetch(api + path, init).catch((cause: unknown) => {
    if (call.signal?.aborted) throw cause;
    throw new Problem(0, 'offline', '');
  });
  noteClock(response);
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function exchange<T>(method: string, path: string, call: Call = {}): Promise<T> {
  const response = await fetchFrom(method, path, call);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

async function problemOf(response: Response): Promise<Problem> {
  const wait = Number(response.headers.get('Retry-After'));
  const seconds = Number.isFinite(wait) && wait > 0 ? wait : null;
  try {
    const body = (await response.json()) as Partial<Problem> & { title?: string };
    return new Problem(
      response.status,
      body.code ?? 'unknown',
      body.detail || body.title || '',
      body.fields ?? [],
      seconds,
    );
  } catch {
    return new Problem(response.status, 'unknown', '', [], seconds);
  }
}

function noteClock(response: Response) {
  const date = Date.parse(response.headers.get('Date') ?? '');
  if (Number.isNaN(date)) return;
  const ahead = date - Date.now();
  // The header has whole seconds only; smaller differences are its rounding.
  clock.ahead = Math.abs(ahead) > 2000 ? ahead : 0;
}

/** A query string of the entries that have a value, with its question mark, or nothing. */
export function query(entries: Record<string, string | number | null | undefined>): string {
  const out = new URLSearchParams();
  for (const [key, value] of Object.entries(entries)) {
    if (value !== undefined && value !== null && value !== '') out.set(key, String(value));
  }
  const text = out.toString();
  return text ? `?${text}` : '';
}
