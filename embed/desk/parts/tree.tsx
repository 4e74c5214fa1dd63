// A comment's tree as elements. Tags outside the list become their children:
// nothing from the wire reaches an HTML sink.
import { h, type ComponentChildren } from 'preact';
import type { Element, Node } from '../types';

const tags = new Set(['p', 'br', 'em', 'strong', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li']);

export function Tree({ nodes }: { nodes: Node[] }) {
  return <>{nodes.map(show)}</>;
}

/** What stands on one line between a block and what follows it. */
const after: Record<string, string> = { p: ' ', br: ' ', pre: ' ', blockquote: ' · ', li: ' · ' };

/** The words of a tree on one line, for a glance at it. */
export function plain(nodes: Node[]): string {
  return flat(nodes).replaceAll(/\s+/g, ' ').replace(/[ ·]+$/, '');
}

const flat = (nodes: Node[]): string =>
  nodes.map((node) => (typeof node === 'string' ? node : flat(node.c ?? []) + (after[node.t] ?? ''))).join('');

function show(node: Node): ComponentChildren {
  if (typeof node === 'string') return node;
  const children = (node.c ?? []).map(show);
  if (node.t === 'a') return link(node, children);
  if (!tags.has(node.t)) return children;
  return h(node.t, node.t === 'ol' && node.start ? { start: node.start } : null, ...children);
}

function link(node: Element, children: ComponentChildren) {
  const href = node.href ?? '';
  if (!/^(https?:|mailto:)/i.test(href)) return children;
  return (
    <a href={href} target="_blank" rel="nofollow ugc noopener noreferrer">
      {children}
    </a>
  );
}
