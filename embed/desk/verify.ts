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
  const key = readKey(pasted.secret.trim());
  const version = typeof key === 'string' ? 'v1' : key.version;
  const signed = signatures(signature, version);
  const found: Finding[] = [
    finding(names.id, checkId(id, pasted.body)),
    finding(names.time, checkTime(time, pasted.now)),
    finding(names.signature, signature ? signed.trouble : tv.missing, tv.signatures(signed.values.length, version)),
  ];
  if (typeof key === 'string') {
    found.push({ part: tv.parts.v1, look: key ? 'bad' : 'skip', text: key || tv.noSecret });
  } else {
    found.push({ part: tv.parts[version], look: 'ok', text: tv.keyOk[version](key.bytes.length) });
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

/** By a secret that both know, or by a key pair (ed25519). */
type Version = 'v1' | 'v1a';
const signatureBytes = { v1: 32, v1a: 64 };

/** The signatures of a version, and what is wrong if there is none to use. */
function signatures(header: string, version: Version): { values: string[]; trouble: string } {
  const of = (wanted: Version) =>
    header.split(/\s+/).flatMap((token) => (token.startsWith(`${wanted},`) ? [token.slice(wanted.length + 1)] : []));
  const values = of(version);
  if (values.length === 0) return { values, trouble: of('v1a').length > 0 ? tv.onlyV1a : tv.none[version] };
  const bytes = signatureBytes[version];
  const good = values.filter((value) => decode(value)?.length === bytes);
  return { values: good, trouble: good.length > 0 ? '' : tv.cutSignature(bytes) };
}

function decode(base64: string): Uint8Array<ArrayBuffer> | null {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return null;
  try {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
}

interface Key {
  version: Version;
  bytes: Uint8Array<ArrayBuffer>;
}

/** The key, or what is wrong with it; '' = none was given. */
function readKey(text: string): Key | string {
  if (!text) return '';
  if (text.startsWith('whsk_')) return tv.privateKey;
  const isPublic = text.startsWith('whpk_');
  if (!isPublic && !text.startsWith('whsec_')) return tv.noPrefix;
  const bytes = decode(text.slice(text.indexOf('_') + 1));
  if (!bytes) return tv.noBase64;
  if (isPublic) return bytes.length === 32 ? { version: 'v1a', bytes } : tv.publicKeySize(bytes.length);
  return bytes.length < 24 ? tv.shortSecret(bytes.length) : { version: 'v1', bytes };
}

interface Signed {
  id: string;
  time: string;
  body: string;
}

/** Says where among the signatures that of a call is; -1 = nowhere. */
type Find = (call: Signed) => Promise<number>;

const signedBytes = ({ id, time, body }: Signed) => encoder.encode(`${id}.${time}.${body}`);

/** What finds signatures by a key; null = this browser does not know their version. */
async function finder({ version, bytes }: Key, values: string[]): Promise<Find | null> {
  if (version === 'v1') {
    const hmac = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    return async (call) => {
      const made = await crypto.subtle.sign('HMAC', hmac, signedBytes(call));
      return values.indexOf(btoa(String.fromCharCode(...new Uint8Array(made))));
    };
  }
  const pair = await crypto.subtle.importKey('raw', bytes, 'Ed25519', false, ['verify']).catch(() => null);
  if (!pair) return null;
  const given = values.map((value) => decode(value) ?? new Uint8Array());
  return async (call) => {
    const right = await Promise.all(given.map((one) => crypto.subtle.verify('Ed25519', pair, one, signedBytes(call))));
    return right.indexOf(true);
  };
}

async function match(key: Key, call: Signed, values: string[]): Promise<Finding> {
  const part = tv.parts.match;
  const find = await finder(key, values);
  if (!find) return { part, look: 'skip', text: tv.unknownToBrowser };
  const at = await find(call);
  if (at >= 0) return { part, look: 'ok', text: tv.matches(at + 1, values.length) };
  for (const [changed, why] of guesses(call)) {
    if ((await find(changed)) >= 0) return { part, look: 'bad', text: why };
  }
  const words = tv.noMatch[key.version];
  return { part, look: 'bad', text: rewritten(call.body) ? words.rewritten : words.other };
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
