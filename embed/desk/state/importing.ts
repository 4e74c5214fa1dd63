// A request carries at most 32 KiB, so a long list goes in parts, each of which
// is a list by itself; what is said about their lines is put together again.
import type { WordImported } from '../types';

export interface Part {
  text: string;
  /** What to add to a line's number within the part. */
  ahead: number;
}

const partBytes = 24_000;
const longestLine = 500;
const bytes = (text: string) => new TextEncoder().encode(JSON.stringify(text)).length;

/** Puts items together as long as a part has room. */
export function gathered(items: string[], join: (items: string[]) => string, ahead: (first: number) => number): Part[] {
  const parts: Part[] = [];
  let first = 0;
  let room = partBytes;
  items.forEach((item, i) => {
    const size = bytes(item) + 2;
    if (size > room && i > first) {
      parts.push({ text: join(items.slice(first, i)), ahead: ahead(first) });
      first = i;
      room = partBytes;
    }
    room -= size;
  });
  if (first < items.length) parts.push({ text: join(items.slice(first)), ahead: ahead(first) });
  return parts;
}

/** The records of a table; one may go over several lines inside quotes. */
function records(text: string): string[] {
  const out: string[] = [];
  let open = false;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') open = !open;
    if (text[i] !== '\n' || open) continue;
    out.push(text.slice(from, i + 1));
    from = i + 1;
  }
  if (from < text.length) out.push(text.slice(from));
  return out;
}

const newlines = (text: string) => text.split('\n').length - 1;

/** Cuts a list into parts that a request can carry; null where JSON is none. */
export function partsOf(format: string, text: string): Part[] | null {
  if (format === 'json') {
    const list = parsed(text);
    return list && gathered(list.map((one) => JSON.stringify(one)), (items) => `[${items.join()}]`, (first) => first);
  }
  if (format === 'csv') {
    const [head = '', ...rest] = records(text.replace(/^\uFEFF/, ''));
    const lines = rest.map(newlines);
    const before = (first: number) => lines.slice(0, first).reduce((sum, n) => sum + n, 0);
    return gathered(rest, (items) => head.replace(/\n?$/, '\n') + items.join(''), before);
  }
  // A line that is far too long is refused for that, however much of it is sent.
  const lines = text.split('\n').map((line) => line.slice(0, longestLine));
  return gathered(lines, (items) => items.join('\n'), (first) => first);
}

function parsed(text: string): unknown[] | null {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : null;
  } catch {
    return null;
  }
}

export const nothing: WordImported = { dry_run: false, added: 0, duplicates: 0, refused: 0, lines: [] };

/** The report so far with that of one more part. */
export function together(so: WordImported, part: WordImported, ahead: number): WordImported {
  return {
    dry_run: part.dry_run,
    added: so.added + part.added,
    duplicates: so.duplicates + part.duplicates,
    refused: so.refused + part.refused,
    lines: so.lines.concat(
      part.lines.filter((line) => line.result !== 'added').map((line) => ({ ...line, line: line.line + ahead })),
    ),
  };
}

/** The form of a file by its name, or of what was pasted by how it begins. */
export function formOf(name: string, text: string): string {
  const end = /\.(csv|json)$/i.exec(name)?.[1]?.toLowerCase();
  if (end) return end;
  if (/^\s*\[/.test(text) && parsed(text)) return 'json';
  return /^(?:\uFEFF)?(?:\w+,)*text(?:,\w+)*\r?\n/.test(text) ? 'csv' : 'text';
}
