import type * as Y from 'yjs';

/** Makes a text read as `to` by replacing only the part that differs, so that edits around it merge. */
export function editText(text: Y.Text, to: string): void {
  const from = text.toString();
  if (from === to) return;
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && from.charCodeAt(start) === to.charCodeAt(start)) start += 1;
  if (isFirstHalf(from.charCodeAt(start - 1))) start -= 1;
  let end = 0;
  while (
    end < shorter - start &&
    from.charCodeAt(from.length - 1 - end) === to.charCodeAt(to.length - 1 - end)
  ) {
    end += 1;
  }
  // Yjs would put U+FFFD in the place of each half of a surrogate pair that is cut in two.
  if (isSecondHalf(from.charCodeAt(from.length - end))) end -= 1;
  const removed = from.length - end - start;
  const index = placeOf(text, start, removed > 0);
  if (removed > 0) text.delete(index, placeOf(text, start + removed, false) - index);
  if (to.length - end > start) text.insert(index, to.slice(start, to.length - end));
}

/** Where a character of the string is in the text: an embedded object takes a place and no character. */
function placeOf(text: Y.Text, offset: number, behindEmbeds: boolean): number {
  let [place, passed] = [0, 0];
  for (const { insert } of text.toDelta() as { insert: unknown }[]) {
    const length = typeof insert === 'string' ? insert.length : 0;
    const within = offset - passed;
    if (behindEmbeds ? within < length : within <= length) return place + within;
    passed += length;
    place += length || 1;
  }
  return place;
}

function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isSecondHalf(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
