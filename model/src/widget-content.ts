import * as Y from 'yjs';
import { TesseraError } from './errors.ts';
import { copyJson, isSafeKey, type Json } from './json.ts';
import { newList, stateOf } from './widget.ts';

/** The live text under a key of a widget's state, for binding to an editor; undefined if the key holds none. */
export function widgetText(doc: Y.Doc, id: string, key: string): Y.Text | undefined {
  const value = stateOf(doc, id).get(key);
  return value instanceof Y.Text ? value : undefined;
}

/** The live list under a key of a widget's state; undefined if the key holds none. */
export function widgetList(doc: Y.Doc, id: string, key: string): Y.Array<Json> | undefined {
  const value = stateOf(doc, id).get(key);
  return value instanceof Y.Array ? (value as Y.Array<Json>) : undefined;
}

/**
 * Gives an existing widget a text. Better is to create the widget with it: if two people add the
 * same text at once, only one of the two remains.
 * @throws TesseraError `malformed` if the key is taken.
 */
export function addText(doc: Y.Doc, id: string, key: string, text = '', origin?: unknown): Y.Text {
  const added = new Y.Text(copyJson(text, key) as string);
  addShared(doc, id, key, added, origin);
  return added;
}

/** Gives an existing widget a list; what is said of addText goes for it too. */
export function addList(
  doc: Y.Doc,
  id: string,
  key: string,
  items: readonly Json[] = [],
  origin?: unknown,
): Y.Array<Json> {
  const added = newList(copyJson(items, key) as Json[]);
  addShared(doc, id, key, added, origin);
  return added;
}

/**
 * Inserts items into a list before `index`.
 * @throws TesseraError `malformed` if the key holds no list, an item is no JSON, or the index is outside.
 */
export function insertItems(
  doc: Y.Doc,
  id: string,
  key: string,
  index: number,
  items: readonly Json[],
  origin?: unknown,
): void {
  const list = checkedList(doc, id, key);
  checkRange(key, list, index, 0);
  const copies = copyJson(items, key) as Json[];
  doc.transact(() => list.insert(index, copies), origin);
}

/** Removes `count` items of a list from `index` on. @throws as insertItems */
export function removeItems(
  doc: Y.Doc,
  id: string,
  key: string,
  index: number,
  count = 1,
  origin?: unknown,
): void {
  const list = checkedList(doc, id, key);
  checkRange(key, list, index, count);
  doc.transact(() => list.delete(index, count), origin);
}

function addShared(
  doc: Y.Doc,
  id: string,
  key: string,
  value: Y.Text | Y.Array<Json>,
  origin: unknown,
): void {
  const state = stateOf(doc, id);
  if (!isSafeKey(key) || state.has(key)) {
    throw new TesseraError('malformed', `state.${key} of widget ${id} is taken or no valid key`);
  }
  doc.transact(() => state.set(key, value), origin);
}

function checkedList(doc: Y.Doc, id: string, key: string): Y.Array<Json> {
  const list = widgetList(doc, id, key);
  if (list !== undefined) return list;
  throw new TesseraError('malformed', `state.${key} of widget ${id} is not a list`);
}

/** Yjs would throw in the middle of the transaction, or count from the end. */
function checkRange(key: string, list: Y.Array<Json>, index: number, count: number): void {
  const valid = [index, count].every((n) => Number.isSafeInteger(n) && n >= 0);
  if (valid && index + count <= list.length) return;
  throw new TesseraError(
    'malformed',
    `${count} items from index ${index} are outside of the list ${key}, which has ${list.length}`,
  );
}
