import { equalityDeep } from 'lib0/function';
import * as Y from 'yjs';

/** The roots of a board's document. */
const roots = ['board', 'widgets'] as const;

/** Makes of `target` what was made of `before` to get `after`, key by key. Call it in a transaction. */
export function writeAttempt(before: Y.Doc, after: Y.Doc, target: Y.Doc): void {
  for (const root of roots) {
    writeMap(before.getMap(root), after.getMap(root), target.getMap(root));
  }
}

function writeMap(
  before: Y.Map<unknown> | undefined,
  after: Y.Map<unknown>,
  target: Y.Map<unknown>,
): void {
  for (const key of new Set([...(before?.keys() ?? []), ...after.keys()])) {
    const [was, wanted, there] = [before?.get(key), after.get(key), target.get(key)];
    if (equalityDeep(plain(was), plain(wanted))) continue;
    if (wanted === undefined) {
      if (target.has(key)) target.delete(key);
    } else if (wanted instanceof Y.Map && there instanceof Y.Map) {
      writeMap(was instanceof Y.Map ? was : undefined, wanted, there);
    } else if (wanted instanceof Y.Text && there instanceof Y.Text) {
      writeText(wanted, there);
    } else if (wanted instanceof Y.Array && there instanceof Y.Array) {
      writeList(wanted, there);
    } else if (!equalityDeep(plain(there), plain(wanted))) {
      target.set(key, wanted instanceof Y.AbstractType ? wanted.clone() : wanted);
    }
  }
}

/** Only the part in the middle that differs. */
function writeText(wanted: Y.Text, there: Y.Text): void {
  const [from, to] = [there.toString(), wanted.toString()];
  const { start, endFrom, endTo } = differingMiddle([...from], [...to]);
  const unitsOf = (text: string, count: number) => [...text].slice(0, count).join('').length;
  const at = unitsOf(from, start);
  const removed = unitsOf(from, endFrom) - at;
  const inserted = [...to].slice(start, endTo).join('');
  if (removed > 0) there.delete(at, removed);
  if (inserted !== '') there.insert(at, inserted);
}

function writeList(wanted: Y.Array<unknown>, there: Y.Array<unknown>): void {
  const { start, endFrom, endTo } = differingMiddle(
    there.toArray().map(plain),
    wanted.toArray().map(plain),
  );
  if (endFrom > start) there.delete(start, endFrom - start);
  const items = wanted.slice(start, endTo);
  if (items.length === 0) return;
  there.insert(
    start,
    items.map((item) => (item instanceof Y.AbstractType ? item.clone() : item)),
  );
}

function differingMiddle(from: readonly unknown[], to: readonly unknown[]) {
  let start = 0;
  let [endFrom, endTo] = [from.length, to.length];
  while (start < Math.min(endFrom, endTo) && equalityDeep(from[start], to[start])) start += 1;
  while (Math.min(endFrom, endTo) > start && equalityDeep(from[endFrom - 1], to[endTo - 1])) {
    endFrom -= 1;
    endTo -= 1;
  }
  return { start, endFrom, endTo };
}

function plain(value: unknown): unknown {
  if (value instanceof Y.Text) return value.toString();
  return value instanceof Y.AbstractType ? (value.toJSON() as unknown) : value;
}
