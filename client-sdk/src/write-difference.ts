import type { Json } from '@tessera/model';
import * as Y from 'yjs';
import { isEqual } from './structural-sharing.ts';
import { editText } from './text-edit.ts';
import { editList } from './write-state.ts';

/**
 * Makes of `target` what was made of `before` to get `after`, key by key, or of these keys only.
 * Call it in a transaction.
 */
export function writeDifference(
  before: Y.Map<unknown> | undefined,
  after: Y.Map<unknown>,
  target: Y.Map<unknown>,
  keys: Iterable<string> = [...(before?.keys() ?? []), ...after.keys()],
): void {
  for (const key of new Set(keys)) {
    const [was, wanted, there] = [before?.get(key), after.get(key), target.get(key)];
    if (isEqual(plain(was), plain(wanted))) continue;
    if (wanted === undefined) {
      if (target.has(key)) target.delete(key);
    } else if (wanted instanceof Y.Map && there instanceof Y.Map) {
      writeDifference(was instanceof Y.Map ? was : undefined, wanted, there);
    } else if (wanted instanceof Y.Text && there instanceof Y.Text) {
      editText(there, wanted.toString());
    } else if (wanted instanceof Y.Array && there instanceof Y.Array) {
      editList(there as Y.Array<Json>, wanted.toJSON() as Json[]);
    } else if (!isEqual(plain(there), plain(wanted))) {
      target.set(key, wanted instanceof Y.AbstractType ? wanted.clone() : wanted);
    }
  }
}

function plain(value: unknown): unknown {
  if (value instanceof Y.Text) return value.toString();
  return value instanceof Y.AbstractType ? (value.toJSON() as unknown) : value;
}
