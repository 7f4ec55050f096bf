import {
  isJsonObject,
  type Json,
  type JsonObject,
  jsonPartOf,
  newList,
  newMap,
} from '@tessera/model';
import * as Y from 'yjs';
import type { MergeKind } from './define-widget.ts';
import { listEdits } from './list-edits.ts';
import { isEqual } from './structural-sharing.ts';
import { editText } from './text-edit.ts';

/**
 * Writes the difference of two states into the map that holds the first: only the keys that
 * differ, and of texts, lists and maps only the parts that differ. `convert` also makes texts,
 * lists and maps of equal values that are not yet stored as such.
 */
export function writeState(
  map: Y.Map<unknown>,
  from: JsonObject,
  to: JsonObject,
  kindOf: (key: string) => MergeKind | undefined,
  convert = false,
): void {
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) map.delete(key);
  for (const [key, value] of Object.entries(to)) {
    const kind = kindOf(key);
    const stored = map.get(key);
    const differs = !Object.hasOwn(from, key) || !isEqual(from[key], value);
    const becomesShared =
      convert && !(stored instanceof Y.AbstractType) && kindStored(value, kind) !== undefined;
    if (differs || becomesShared) writeValue(map, key, from[key], value, kind);
  }
}

/** What is shared already is edited in place, whatever the definition says: others may be in it. */
function writeValue(
  map: Y.Map<unknown>,
  key: string,
  from: Json | undefined,
  value: Json,
  kind: MergeKind | undefined,
): void {
  const stored = map.get(key);
  if (stored instanceof Y.Text && typeof value === 'string') editText(stored, value);
  else if (stored instanceof Y.Array && isArray(value)) editList(stored as Y.Array<Json>, value);
  else if (stored instanceof Y.Map && isJsonObject(value)) {
    writeState(stored, isJsonObject(from) ? from : {}, value, () => 'map');
  } else map.set(key, kindStored(value, kind) === undefined ? value : newShared(value));
}

/** Makes a list read as `to` with the fewest changes. */
export function editList(list: Y.Array<Json>, to: readonly Json[]): void {
  // What is no JSON reads as null, and stays where it is while the list says null there.
  const from = jsonPartOf(list.toJSON()) as Json[];
  for (const { index, remove, insert } of listEdits(from, to)) {
    if (remove > 0) list.delete(index, remove);
    if (insert.length > 0) list.insert(index, insert);
  }
}

/** How a value is stored under a key that merges as `kind`; undefined if as a plain value. */
export function kindStored(value: Json, kind: MergeKind | undefined): MergeKind | undefined {
  if (kind === 'text' && typeof value === 'string') return kind;
  if (kind === 'list' && isArray(value)) return kind;
  return kind === 'map' && isJsonObject(value) ? kind : undefined;
}

function newShared(value: Json): unknown {
  if (typeof value === 'string') return new Y.Text(value);
  if (isArray(value)) return newList(value);
  return isJsonObject(value) ? newMap(value) : value;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
