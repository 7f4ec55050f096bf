import type * as Y from 'yjs';
import { copyJson } from './json.ts';
import { readWidget, type Widget, widgetsOf } from './widget.ts';

/** A whole board as plain JSON. */
export interface Board {
  readonly title: string;
  readonly widgets: Readonly<Record<string, Widget>>;
}

/** The board as plain JSON, a copy. Entries that are not widgets of this layout are left out. */
export function readBoard(doc: Y.Doc): Board {
  const widgets: [string, Widget][] = [];
  for (const id of widgetsOf(doc).keys()) {
    const widget = readWidget(doc, id);
    if (widget !== undefined) widgets.push([id, widget]);
  }
  return { title: readTitle(doc), widgets: Object.fromEntries(widgets) };
}

/** The board's title; empty if nobody gave it one. */
export function readTitle(doc: Y.Doc): string {
  const title = boardPropertiesOf(doc).get('title');
  return typeof title === 'string' ? title : '';
}

/** @throws TesseraError `malformed` if the title cannot be carried as UTF-8. */
export function setTitle(doc: Y.Doc, title: string, origin?: unknown): void {
  const checked = copyJson(title, 'title');
  if (readTitle(doc) === checked) return;
  doc.transact(() => boardPropertiesOf(doc).set('title', checked), origin);
}

/** The live map of what belongs to the board as a whole, one key each, for observers. */
export function boardPropertiesOf(doc: Y.Doc): Y.Map<unknown> {
  return doc.getMap('board');
}
