// Looks at a webhook call as a receiver should, and says which part is at fault
// and why. All of it happens in this browser; nothing is sent anywhere.
import { tv } from './strings-verify';

export type Look = 'ok' | 'bad' | 'skip';
export interface Finding {
  part: string;
  look: Look;
  text: string;
}

export interface Pasted {
  headers: string;
  body: string;
  secret: string;
  /** The moment to hold the timestamp against, in milliseconds. */
  now: number;
}

const tolerance = 300;
const names = { id: 'webhook-id', time: 'webhook-timestamp', signature: 'webhook-signature' };
const encoder = new TextEncoder();

/** Header lines, or the JSON object that many programs print instead; names in lower case. */
export function parseHeaders(text: string): Map<string, string> {
  const object = parse(text);
  const pairs: [string, string][] =
    object !== null && typeof object === 'object' && !Array.isArray(object)
      ? Object.entries(object as Record<string, unknown>).map(([name, value]) => [name, [value].flat().join(' ')])
      : text.split('\n').flatMap((line): [string, string][] => {
          const at = line.indexOf(':');
          return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
        });
  return new Map(pairs.map(([name, value]) => [name.trim().toLowerCase(), value.trim()]));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Every part of the call, in the order in which a receiver looks at them. */
export async function verify(pasted: Pasted): Promise<Finding[]> {
  const headers = parseHeaders(pasted.headers);
  const get = (name: string) => headers.get(name) ?? '';
  const [id, time, signature] = [get(names.id), get(names.time), get(names.signature)];
  const signed = signatures(signature);
  const key = secretKey(pasted.secret.trim());
  const found: Finding[] = [
    finding(names.id, checkId(id, pasted.body)),
    finding(names.time, checkTime(time, pasted.now)),
    finding(names.signature, signature ? signed.trouble : tv.missing, tv.signatures(signed.values.length)),
  ];
  if (typeof key === 'string') {
    found.push({ part: tv.parts.secret, look: key ? 'bad' : 'skip', text: key || tv.noSecret });
  } else {
    found.push({ part: tv.parts.secret, look: 'ok', text: tv.secretOk(key.length) });
    if (id && time && signed.values.length > 0) found.push(await match(key, { id, time, body: pasted.body }, signed.values));
  }
  return found;
}

type Verdict = { trouble: string } | { good: string };

function finding(part: string, verdict: Verdict | string, good = ''): Finding {
  if (typeof verdict === 'string') return { part, look: verdict ? 'bad' : 'ok', text: verdict || good };
  return 'trouble' in verdict ? { part, look: 'bad', text: verdict.trouble } : { part, look: 'ok', text: verdict.good };
}

const bodyId = (body: string) => (parse(body) as { id?: unknown } | null)?.id;

function checkId(id: string, body: string): Verdict {
  if (!id) return { trouble: tv.missing };
  const own = bodyId(body);
  if (typeof own === 'string' && own !== id) return { trouble: tv.otherId(own) };
  return { good: typeof own === 'string' ? tv.idOk : tv.present };
}

function checkTime(time: string, now: number): Verdict {
  if (!time) return { trouble: tv.missing };
  if (/^\d{13}$/.test(time)) return { trouble: tv.milliseconds };
  if (!/^\d+$/.test(time)) return { trouble: tv.noNumber };
  const late = Math.round(now / 1000 - Number(time));
  if (late > tolerance) return { trouble: tv.old(duration(late)) };
  if (late < -tolerance) return { trouble: tv.early(duration(-late)) };
  return { good: late < 0 ? tv.ahead(duration(-late)) : tv.fresh(duration(late)) };
}

function duration(seconds: number): string {
  const units: [string, number][] = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  let rest = seconds;
  const parts = units.flatMap(([unit, size]) => {
    const n = Math.floor(rest / size);
    rest -= n * size;
    return n > 0 ? [`${n} ${unit}`] : [];
  });
  return parts.slice(0, 2).join(' ') || '0 s';
}

/** The signatures of version v1, and what is wrong if there is none to use. */
function signatures(header: string): { values: string[]; trouble: string } {
  const tokens = header.split(/\s+/).filter(Boolean);
  const values = tokens.flatMap((token) => (token.startsWith('v1,') ? [token.slice(3)] : []));
  if (values.length === 0) return { values, trouble: tokens.some((t) => t.startsWith('v1a,')) ? tv.onlyV1a : tv.noV1 };
  const good = values.filter((value) => decode(value)?.length === 32);
  return { values: good, trouble: good.length > 0 ? '' : tv.cutSignature };
}

function decode(base64: string): Uint8Array<ArrayBuffer> | null {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return null;
  try {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
}

/** The key, or what is wrong with the secret; '' = none was given. */
function secretKey(secret: string): Uint8Array<ArrayBuffer> | string {
  if (!secret) return '';
  if (/^wh[sp]k_/.test(secret)) return tv.asymmetric;
  if (!secret.startsWith('whsec_')) return tv.noPrefix;
  const key = decode(secret.slice('whsec_'.length));
  if (!key) return tv.noBase64;
  return key.length < 24 ? tv.shortSecret(key.length) : key;
}

interface Signed {
  id: string;
  time: string;
  body: string;
}

async function match(key: Uint8Array<ArrayBuffer>, call: Signed, values: string[]): Promise<Finding> {
  const hmac = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const find = async ({ id, time, body }: Signed) => {
    const made = await crypto.subtle.sign('HMAC', hmac, encoder.encode(`${id}.${time}.${body}`));
    return values.indexOf(btoa(String.fromCharCode(...new Uint8Array(made))));
  };
  const part = tv.parts.match;
  const at = await find(call);
  if (at >= 0) return { part, look: 'ok', text: tv.matches(at + 1, values.length) };
  for (const [changed, why] of guesses(call)) {
    if ((await find(changed)) >= 0) return { part, look: 'bad', text: why };
  }
  return { part, look: 'bad', text: rewritten(call.body) ? tv.maybeRewritten : tv.noMatch };
}

/** What commonly happens to a call on its way into a receiver, undone. */
function guesses(call: Signed): [Signed, string][] {
  const { body } = call;
  const own = bodyId(body);
  return [
    [{ ...call, body: body.trim() }, tv.spaceAround],
    [{ ...call, body: tight(body) }, tv.rewritten],
    [{ ...call, body: JSON.stringify(parse(body)) }, tv.rewritten],
    [{ ...call, body: body.replaceAll('\n', '\r\n') }, tv.lineEnds],
    [{ ...call, id: typeof own === 'string' ? own : '' }, tv.idChanged],
  ];
}

/** JSON without the spaces between its parts; those within its texts stay. */
const tight = (body: string) => body.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');

/** We send JSON without a space between its parts; anything else has been written anew. */
const rewritten = (body: string) => parse(body) !== null && tight(body) !== body.trim();
