// Who is signed in. The access token lives in this module's memory only; the
// refresh cookie is the browser's. When a session ends, calls wait until
// somebody signs in again, so that nothing on the screen is lost.
import { effect, signal } from '@preact/signals';
import { exchange, Problem, type Call } from './http';
import { home } from './place';
import type { Grant, User } from './types';

export type Phase = 'starting' | 'unreachable' | 'out' | 'in' | 'ended';

export const phase = signal<Phase>('starting');
export const user = signal<User | null>(null);

const held = { token: '', until: 0, timer: 0 };
const own = { headers: { 'X-Afterword': '1' }, body: {} };
const margin = 60_000;

/** Tries the refresh cookie, if there may be one: signed in, signed out, or no answer. */
export async function start(): Promise<void> {
  if (!remembered()) {
    phase.value = 'out';
    return;
  }
  phase.value = 'starting';
  try {
    await refresh();
  } catch (problem) {
    phase.value = refused(problem) ? 'out' : 'unreachable';
    if (refused(problem)) remember('out');
  }
}

const mark = 'afterword-session';

// Scripts cannot see the cookie. This says whether one was given to this browser,
// so that a first visit asks for nothing that must be refused.
function remember(now: 'in' | 'out') {
  try {
    localStorage.setItem(mark, now);
  } catch {
    return;
  }
}

function remembered(): boolean {
  try {
    return localStorage.getItem(mark) === 'in';
  } catch {
    // Storage is forbidden: only the server knows.
    return true;
  }
}

export async function signIn(email: string, password: string): Promise<void> {
  const before = user.value;
  const grant = await exchange<Grant>('POST', 'auth/login', { body: { email, password } });
  if (before && before.id !== grant.user.id) {
    // What is on the screen belongs to somebody else.
    location.assign(home);
    return;
  }
  accept(grant);
}

export async function signOut(): Promise<void> {
  await exchange('POST', 'auth/logout', own).catch(() => undefined);
  remember('out');
  location.assign(home);
}

/** Answers whether the password was given again; set while somebody is asked for it. */
export const confirming = signal<((given: boolean) => void) | null>(null);

/**
 * A call in the user's name. A refused token is renewed once; after that the
 * call waits for a sign-in. What wants the password again asks for it in place.
 */
export async function authed<T>(method: string, path: string, call: Call = {}): Promise<T> {
  const run = () => withToken((token) => exchange<T>(method, path, { ...call, token }));
  try {
    return await run();
  } catch (problem) {
    const asks = problem instanceof Problem && problem.code === 'confirm_required';
    if (!asks || !(await new Promise<boolean>((answer) => (confirming.value = answer)))) throw problem;
    return run();
  }
}

/** Gives the password again, for the next minutes, and lets the waiting call go on. */
export async function confirm(password: string): Promise<void> {
  await withToken((token) => exchange('POST', 'auth/confirm', { body: { password }, token }));
  settle(true);
}

export function settle(given: boolean) {
  confirming.value?.(given);
  confirming.value = null;
}

/** Runs `call` with a token that is good for at least some seconds. */
export async function withToken<T>(call: (token: string) => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    await untilSignedIn();
    if (Date.now() > held.until - 5000) await renew(held.token);
    const token = held.token;
    try {
      return await call(token);
    } catch (problem) {
      if (!refused(problem)) throw problem;
      if (tries > 0) end();
      else await renew(token);
    }
  }
}

async function renew(used: string): Promise<void> {
  if (held.token !== used) return;
  try {
    await refresh();
  } catch (problem) {
    if (!refused(problem)) throw problem;
    end();
    await untilSignedIn();
  }
}

function end() {
  held.token = '';
  if (phase.value === 'in') phase.value = 'ended';
}

let running: Promise<void> | null = null;

// A refresh token is good for one use: two at once would look like a theft, so
// one runs at a time in this tab and, by the lock, in all tabs.
function refresh(): Promise<void> {
  running ??= inLock(async () => accept(await exchange<Grant>('POST', 'auth/refresh', own))).finally(() => {
    running = null;
  });
  return running;
}

function inLock(work: () => Promise<void>): Promise<void> {
  // Browsers offer locks in secure contexts only.
  if (!('locks' in navigator)) return work();
  return navigator.locks.request('afterword-refresh', work);
}

function accept(grant: Grant) {
  held.token = grant.access_token;
  held.until = Date.now() + grant.expires_in * 1000;
  user.value = grant.user;
  phase.value = 'in';
  remember('in');
  clearTimeout(held.timer);
  const early = Math.max(grant.expires_in * 1000 - margin, grant.expires_in * 500);
  held.timer = window.setTimeout(() => void renew(held.token).catch(() => undefined), early);
}

function refused(problem: unknown): boolean {
  return problem instanceof Problem && problem.status === 401;
}

function untilSignedIn(): Promise<void> {
  if (phase.value === 'in') return Promise.resolve();
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (phase.value !== 'in') return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}
