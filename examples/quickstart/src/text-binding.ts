import type * as Y from 'yjs';

/**
 * Keeps a text field and a shared text the same, character by character, without moving the caret
 * when somebody else types. Returns the way to stop.
 */
export function bindText(field: HTMLTextAreaElement, text: Y.Text): () => void {
  const origin = {};
  field.value = text.toString();

  const onInput = () => {
    const change = differenceOf(text.toString(), field.value);
    text.doc?.transact(() => {
      text.delete(change.start, change.removed);
      text.insert(change.start, change.inserted);
    }, origin);
  };
  const onChange = (event: Y.YTextEvent) => {
    if (event.transaction.origin === origin) return;
    let { selectionStart, selectionEnd } = field;
    let index = 0;
    for (const { retain = 0, insert = '', delete: removed = 0 } of event.delta) {
      const added = typeof insert === 'string' ? insert.length : 0;
      selectionStart = shifted(selectionStart, index, added, removed);
      selectionEnd = shifted(selectionEnd, index, added, removed);
      index += retain + added;
    }
    field.value = text.toString();
    field.setSelectionRange(selectionStart, selectionEnd);
  };
  field.addEventListener('input', onInput);
  text.observe(onChange);
  return () => {
    field.removeEventListener('input', onInput);
    text.unobserve(onChange);
  };
}

/** Where a caret ends up when something is inserted or removed at `index`. */
function shifted(caret: number, index: number, added: number, removed: number): number {
  if (index >= caret) return caret;
  return caret + added - Math.min(removed, caret - index);
}

/** The one stretch in which two texts differ. */
function differenceOf(before: string, after: string) {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  // Not through the middle of a character that takes two places.
  if (start > 0 && /[\uD800-\uDBFF]/.test(before[start - 1] ?? '')) start -= 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  if (end > 0 && /[\uDC00-\uDFFF]/.test(before.at(-end) ?? '')) end -= 1;
  return {
    start,
    removed: before.length - end - start,
    inserted: after.slice(start, after.length - end),
  };
}
