// Source text with the passages marked that made a check speak.
import type { Reason } from '../types';

interface Piece {
  text: string;
  why: string;
}

export const hasSpans = (reasons: Reason[]) => reasons.some((reason) => (reason.spans ?? []).length > 0);

/** Cuts at every start and end, so that overlapping spans need no nesting. */
function pieces(text: string, reasons: Reason[]): Piece[] {
  // Offsets count code points; a string's own index counts UTF-16 units.
  const points = Array.from(text);
  const spans = reasons.flatMap((reason) =>
    (reason.spans ?? []).map((span) => ({ start: span.start, end: span.end, why: reason.sentence })),
  );
  const cuts = new Set([0, points.length]);
  for (const span of spans) cuts.add(Math.min(span.start, points.length)).add(Math.min(span.end, points.length));
  const at = [...cuts].sort((a, b) => a - b);
  return at.slice(0, -1).map((start, i) => ({
    text: points.slice(start, at[i + 1]).join(''),
    why: spans
      .filter((span) => span.start <= start && start < span.end)
      .map((span) => span.why)
      .join(' '),
  }));
}

export function Marked({ text, reasons }: { text: string; reasons: Reason[] }) {
  return (
    <p class="source">
      {pieces(text, reasons).map((piece) => (piece.why ? <mark title={piece.why}>{piece.text}</mark> : piece.text))}
    </p>
  );
}
