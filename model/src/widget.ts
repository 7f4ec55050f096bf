import { equalityDeep } from 'lib0/function';
import { uuidv4 } from 'lib0/random';
import * as Y from 'yjs';
import { TesseraError } from './errors.ts';
import { parseWidgetId } from './ids.ts';
import {
  copyJson,
  isJsonObject,
  isSafeKey,
  type Json,
  type JsonObject,
  jsonPartOf,
} from './json.ts';

/**
 * Where a widget is and how large, in units of the board's grid. One value, so that sixty frames
 * of a drag merge into one entry of the document.
 */
export type Geom = JsonObject & {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
};

/** A widget as plain JSON: a text reads as its string, a list as its array, a map as its object. */
export interface Widget {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly geom?: Geom;
  readonly state: JsonObject;
}

/**
 * What a widget starts with. Without an `id` it gets a random one, which is what to use: of two
 * widgets made with the same id at the same time one replaces the other, with all edits in it.
 * Values of `state` merge key by key; `texts` merge character by character, `lists` item by item,
 * `maps` key by key, and so do the objects in them.
 */
export interface NewWidget {
  readonly id?: string;
  readonly type: string;
  readonly version: number;
  readonly geom?: Geom;
  readonly state?: JsonObject;
  readonly texts?: Readonly<Record<string, string>>;
  readonly lists?: Readonly<Record<string, readonly Json[]>>;
  readonly maps?: Readonly<Record<string, JsonObject>>;
}

/** The root of the document that holds the widgets: widget id -> Y.Map. */
export const widgetsRoot = 'widgets';

const maxTypeLength = 255;

/** The live map of widgets, for observers. Edit through the functions of this package. */
export function widgetsOf(doc: Y.Doc): Y.Map<unknown> {
  return doc.getMap(widgetsRoot);
}

/**
 * Puts a widget on the board and returns its id. `origin` is what observers and providers see as
 * the transaction's origin.
 * @throws TesseraError `malformed` if something of it is not valid or the id is taken; the
 * document is then unchanged.
 */
export function createWidget(doc: Y.Doc, widget: NewWidget, origin?: unknown): string {
  const id = parseWidgetId(widget.id ?? uuidv4());
  if (widgetsOf(doc).has(id)) {
    throw new TesseraError(
      'malformed',
      `widget ${id} exists already: leave out the id to get a new one`,
    );
  }
  const entries: [string, unknown][] = [
    ['type', checkedType(widget.type)],
    ['version', checkedVersion(widget.version)],
    ['state', new Y.Map(initialState(widget))],
  ];
  if (widget.geom !== undefined) entries.push(['geom', checkedGeom(widget.geom)]);
  doc.transact(() => widgetsOf(doc).set(id, new Y.Map(entries)), origin);
  return id;
}

/**
 * A widget as plain JSON, a copy. Undefined if there is none, or if what is there is no widget
 * (another version of this software may keep other things under the id; they stay untouched).
 */
export function readWidget(doc: Y.Doc, id: string): Widget | undefined {
  const map = widgetsOf(doc).get(id);
  if (!(map instanceof Y.Map)) return undefined;
  const type: unknown = map.get('type');
  const version: unknown = map.get('version');
  if (typeof type !== 'string' || typeof version !== 'number') return undefined;
  const state: unknown = map.get('state');
  const geom = jsonPartOf(map.get('geom'));
  return {
    id,
    type,
    version,
    ...(isGeom(geom) ? { geom } : {}),
    state: state instanceof Y.Map ? readState(state) : {},
  };
}

/**
 * Sets the given keys of a widget's state and leaves the others alone. A key whose value is
 * already equal is not written, as every write stays in the document for ever.
 * @throws TesseraError `malformed` if a value is no JSON, a key holds a text or a list, or there
 * is no such widget; the document is then unchanged.
 */
export function setState(doc: Y.Doc, id: string, partial: JsonObject, origin?: unknown): void {
  const state = stateOf(doc, id);
  const changes = Object.entries(copyJson(partial, 'state') as JsonObject).filter(
    ([key, value]) => !state.has(key) || !equalityDeep(plainValue(state, id, key), value),
  );
  if (changes.length === 0) return;
  doc.transact(() => {
    for (const [key, value] of changes) state.set(key, value);
  }, origin);
}

/** Removes keys from a widget's state, texts and lists included. Keys that are not there are no error. */
export function unsetState(
  doc: Y.Doc,
  id: string,
  keys: readonly string[],
  origin?: unknown,
): void {
  const state = stateOf(doc, id);
  doc.transact(() => {
    for (const key of keys) state.delete(key);
  }, origin);
}

/** Moves or resizes a widget. @throws TesseraError `malformed` if there is none or `geom` is not valid. */
export function setGeom(doc: Y.Doc, id: string, geom: Geom, origin?: unknown): void {
  const map = widgetMap(doc, id);
  const checked = checkedGeom(geom);
  if (equalityDeep(map.get('geom'), checked)) return;
  doc.transact(() => map.set('geom', checked), origin);
}

/**
 * Takes a widget off the board; false if there was none. Edits that others make to it meanwhile
 * go with it.
 */
export function removeWidget(doc: Y.Doc, id: string, origin?: unknown): boolean {
  if (!widgetsOf(doc).has(id)) return false;
  doc.transact(() => widgetsOf(doc).delete(id), origin);
  return true;
}

/** The live state of a widget: key -> JSON, Y.Text, Y.Array or Y.Map. @throws TesseraError `malformed` if there is none. */
export function stateOf(doc: Y.Doc, id: string): Y.Map<unknown> {
  const state: unknown = widgetMap(doc, id).get('state');
  if (state instanceof Y.Map) return state;
  throw new TesseraError('malformed', `widget ${id} has no state`);
}

/** A list that is not in a document yet. */
export function newList(items: readonly Json[]): Y.Array<Json> {
  const list = new Y.Array<Json>();
  list.push([...items]);
  return list;
}

/** A map that is not in a document yet. The objects in it become maps too. */
export function newMap(value: JsonObject): Y.Map<unknown> {
  return new Y.Map(
    Object.entries(value).map(([key, item]) => [key, isJsonObject(item) ? newMap(item) : item]),
  );
}

function widgetMap(doc: Y.Doc, id: string): Y.Map<unknown> {
  const map = widgetsOf(doc).get(id);
  if (map instanceof Y.Map) return map;
  throw new TesseraError('malformed', `there is no widget ${JSON.stringify(id)} on this board`);
}

function plainValue(state: Y.Map<unknown>, id: string, key: string): unknown {
  const value = state.get(key);
  if (!(value instanceof Y.AbstractType)) return value;
  throw new TesseraError(
    'malformed',
    `state.${key} of widget ${id} is a text, a list or a map: edit it in place, or unset it first`,
  );
}

function readState(state: Y.Map<unknown>): JsonObject {
  const entries: [string, Json][] = [];
  for (const [key, value] of state) {
    const json = value instanceof Y.AbstractType ? readShared(value) : jsonPartOf(value);
    if (json !== undefined) entries.push([key, json]);
  }
  return Object.fromEntries(entries);
}

function readShared(value: Y.AbstractType<unknown>): Json | undefined {
  if (value instanceof Y.Array || value instanceof Y.Map) return jsonPartOf(value.toJSON());
  return (value as Y.Text).toString();
}

function initialState(widget: NewWidget): [string, unknown][] {
  const { state = {}, texts = {}, lists = {}, maps = {} } = widget;
  const entries: [string, unknown][] = [
    ...Object.entries(copyJson(state, 'state') as JsonObject),
    ...Object.entries(copyJson(texts, 'texts') as Record<string, string>).map(
      ([key, text]): [string, unknown] => [key, new Y.Text(text)],
    ),
    ...Object.entries(copyJson(lists, 'lists') as Record<string, Json[]>).map(
      ([key, items]): [string, unknown] => [key, newList(items)],
    ),
    ...Object.entries(copyJson(maps, 'maps') as Record<string, JsonObject>).map(
      ([key, map]): [string, unknown] => [key, newMap(map)],
    ),
  ];
  const keys = new Set(entries.map(([key]) => key));
  if (keys.size === entries.length) return entries;
  throw new TesseraError('malformed', 'a key can be in only one of state, texts, lists and maps');
}

function checkedType(type: string): string {
  if (type.length > 0 && type.length <= maxTypeLength && isSafeKey(type)) return type;
  throw new TesseraError('malformed', `the type of a widget has 1 to ${maxTypeLength} characters`);
}

function checkedVersion(version: number): number {
  if (Number.isSafeInteger(version) && version >= 1) return version;
  throw new TesseraError('malformed', `the version of a widget is 1 or more, not ${version}`);
}

function checkedGeom(geom: Geom): Geom {
  const copied = copyJson(geom, 'geom');
  if (isGeom(copied)) return copied;
  throw new TesseraError('malformed', 'geom needs the numbers x, y, w and h');
}

function isGeom(value: Json | undefined): value is Geom {
  if (!isJsonObject(value)) return false;
  const { x, y, w, h } = value;
  return [x, y, w, h].every((side) => typeof side === 'number');
}
