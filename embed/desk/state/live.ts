// The live queue: server-sent events read through fetch, because the token
// goes in a header. One connection while the tab is looked at.
import { effect } from '@preact/signals';
import { fetchFrom, query } from '../http';
import { phase as sessionPhase, withToken } from '../session';
import type { Counts, LiveEvent } from '../types';
import * as premoderation from './premoderation';
import * as queue from './queue';
import { touched } from './detail';
import { tell } from './notice';

const hiddenFor = 60_000;
const shortest = 1000;
const longest = 30_000;

/** Keeps a stream open for the chosen site until the tab stays hidden or the session ends. */
export function listen() {
  let stop = new AbortController();
  let timer = 0;
  const restart = () => {
    stop.abort();
    stop = new AbortController();
    void run(queue.site.peek(), stop.signal);
  };
  effect(() => {
    void queue.site.value;
    if (sessionPhase.value === 'in') restart();
    else stop.abort();
  });
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    // Browsers allow few connections to one host; a forgotten tab gives its own back.
    if (document.hidden) timer = window.setTimeout(() => stop.abort(), hiddenFor);
    else if (stop.signal.aborted && sessionPhase.peek() === 'in') restart();
  });
}

async function run(site: string, stop: AbortSignal) {
  let delay = shortest;
  for (let again = false; !stop.aborted; again = true) {
    try {
      await withToken(async (token) => {
        const response = await fetchFrom('GET', `moderation/stream${query({ site })}`, {
          token,
          signal: stop,
          headers: { Accept: 'text/event-stream' },
        });
        delay = shortest;
        if (again) void catchUp();
        if (response.body) await read(response.body, stop);
      });
    } catch {
      delay = Math.min(longest, delay * 2);
    }
    await pause(delay * (0.5 + Math.random()), stop);
  }
}

const pause = (ms: number, stop: AbortSignal) =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', () => (clearTimeout(timer), done()), { once: true });
  });

async function read(body: ReadableStream<Uint8Array>, stop: AbortSignal) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (let rest = ''; !stop.aborted; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + decoder.decode(value, { stream: true })).replaceAll('\r\n', '\n').split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) dispatch(block);
  }
}

function dispatch(block: string) {
  let name = 'message';
  let data = '';
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) name = line.slice(6).trim();
    if (line.startsWith('data:')) data += line.slice(5).trim();
  }
  if (!data) return;
  const body = JSON.parse(data) as LiveEvent & { counts?: Counts };
  if (body.counts) queue.told(body.counts);
  if (name === 'comment') take(body);
  if (name === 'page') void premoderation.load();
  if (name === 'reset') void catchUp();
}

function take(event: LiveEvent) {
  if (event.type === 'rule.notified') tell(event.by ?? '', event.id);
  touched(event.id);
  const row = queue.find(event.id);
  if (!row) return wait(event);
  if (row.mark.kind === 'acted') return;
  if (event.revision > row.comment.revision) {
    queue.mark([event.id], (old) => ({ ...old, mark: { ...old.mark, newer: true } as queue.Mark }));
  }
  const stays = event.status === row.comment.status;
  if (row.mark.kind === 'open' && !stays) queue.decidedElsewhere(event.id, event.status, event.by ?? '');
  if (row.mark.kind === 'other' && stays) queue.mark([event.id], (old) => ({ ...old, mark: { kind: 'open' } }));
}

function wait(event: LiveEvent) {
  const fits = event.status === queue.status.value && !queue.isFiltered.value;
  const here = !queue.site.value || queue.site.value === event.site;
  const next = new Set(queue.waiting.value);
  if (fits && here) next.add(event.id);
  else next.delete(event.id);
  if (next.size !== queue.waiting.value.size) queue.waiting.value = next;
}

// Events may have passed while the stream was down.
async function catchUp() {
  void premoderation.load();
  if (queue.phase.value === 'ready') await queue.look().catch(() => undefined);
}
