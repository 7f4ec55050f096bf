import {
  createWidget,
  type Geom,
  type Json,
  type JsonObject,
  type NewWidget,
  readBoard,
  readWidget,
  removeWidget,
  setGeom,
  setState,
  unsetState,
  type Widget,
  widgetList,
  widgetsOf,
  widgetText,
} from '@tessera/model';
import * as Y from 'yjs';

/** The widgets of a board. What cannot be done throws a TesseraError `malformed` and changes nothing. */
export interface Widgets {
  /** Puts a widget on the board; returns its id. */
  create(widget: NewWidget): string;
  /** A widget as plain JSON, a copy; undefined if there is none. */
  get(id: string): Widget | undefined;
  /** All widgets as plain JSON, by id. */
  all(): Readonly<Record<string, Widget>>;
  /** Sets keys of a widget's state; keys that are not named stay as they are. */
  set(id: string, partial: JsonObject): void;
  /** Removes keys from a widget's state. */
  unset(id: string, keys: readonly string[]): void;
  move(id: string, geom: Geom): void;
  /** False if there was none. */
  remove(id: string): boolean;
  /** The live text under a key, for binding to an editor. */
  text(id: string, key: string): Y.Text | undefined;
  /** The live list under a key. */
  list(id: string, key: string): Y.Array<Json> | undefined;
  /** Calls the listener with the ids of widgets that changed, whoever changed them. Returns the way to stop. */
  subscribe(listener: (ids: ReadonlySet<string>) => void): () => void;
}

/** The functions of the model over one document; `origin` marks the transactions as made here. */
export function widgetsOn(doc: Y.Doc, origin: unknown): Widgets {
  return {
    create: (widget) => createWidget(doc, widget, origin),
    get: (id) => readWidget(doc, id),
    all: () => readBoard(doc).widgets,
    set: (id, partial) => setState(doc, id, partial, origin),
    unset: (id, keys) => unsetState(doc, id, keys, origin),
    move: (id, geom) => setGeom(doc, id, geom, origin),
    remove: (id) => removeWidget(doc, id, origin),
    text: (id, key) => widgetText(doc, id, key),
    list: (id, key) => widgetList(doc, id, key),
    subscribe(listener) {
      const root = widgetsOf(doc);
      const observer = (events: Y.YEvent<Y.AbstractType<unknown>>[]) => {
        const ids = new Set(events.flatMap(idsOf));
        if (ids.size > 0) listener(ids);
      };
      root.observeDeep(observer);
      return () => root.unobserveDeep(observer);
    },
  };
}

function idsOf(event: Y.YEvent<Y.AbstractType<unknown>>): string[] {
  const [id] = event.path;
  if (id !== undefined) return [String(id)];
  return event instanceof Y.YMapEvent ? [...event.keysChanged] : [];
}
