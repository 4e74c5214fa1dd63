// A comment's words: as readers see them, or the source with marks where a
// check pointed at a passage.
import { useState } from 'preact/hooks';
import { t } from '../strings';
import type { Comment } from '../types';
import { hasSpans, Marked } from './marked';
import { Tree } from './tree';

const longText = 640;
const longLines = 8;

const isLong = (text: string) => text.length > longText || text.split('\n').length > longLines;

export function Body({ comment, whole = false }: { comment: Comment; whole?: boolean }) {
  const marked = hasSpans(comment.reasons);
  const [source, setSource] = useState(marked);
  const [open, setOpen] = useState(whole || !isLong(comment.text));
  const folds = !whole && isLong(comment.text);
  return (
    <div class="body">
      <div class={open ? 'words' : 'words folded'} dir="auto">
        {source ? <Marked text={comment.text} reasons={comment.reasons} /> : <Tree nodes={comment.tree} />}
      </div>
      {(folds || marked || whole) && (
        <p class="body-tools">
          {folds && (
            <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? t.row.fold : t.row.unfold}
            </button>
          )}
          {(marked || whole) && (
            <button type="button" class="quiet" onClick={() => setSource(!source)}>
              {source ? t.row.showRendered : t.row.showSource}
            </button>
          )}
        </p>
      )}
    </div>
  );
}
