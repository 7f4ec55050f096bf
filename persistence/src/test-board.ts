import * as Y from 'yjs';
import type { BoardHead, BoardStore } from './board-store.ts';

/** A document whose every change becomes a row of a board's log. */
export interface LoggedDoc extends BoardHead {
  doc: Y.Doc;
  updates: Uint8Array[];
  /** Writes what is new to the log. */
  save(): Promise<void>;
}

export async function createLoggedDoc(store: BoardStore, board: string): Promise<LoggedDoc> {
  const head = await store.open(board, { create: true });
  if (head === undefined) throw new Error('the store did not make a board');
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  let saved = 0;
  doc.on('update', (update: Uint8Array) => updates.push(update));
  const save = async () => {
    const rows = updates.slice(saved).map((bytes) => ({ ...head, actor: 'ann', bytes }));
    saved = updates.length;
    await store.append(rows);
  };
  return { ...head, doc, updates, save };
}

/** Edits of every kind: values that replace each other, text with formats, nested types, deletions. */
export function editEverything(doc: Y.Doc, rounds: number): void {
  const widgets = doc.getMap<Y.Map<unknown>>('widgets');
  const text = doc.getText('notes');
  for (let round = 0; round < rounds; round++) {
    const id = `widget-${round % 7}`;
    const widget = new Y.Map<unknown>(Object.entries({ round, geom: { x: round, y: 1 } }));
    if (round % 5 === 0) widgets.set(id, widget);
    widgets.get(id)?.set('title', `round ${round}`);
    widgets.get(id)?.set('log', Y.Array.from([round, 'x', null]));
    text.insert(
      round % (text.length + 1),
      `line ${round}. `,
      round % 3 === 0 ? { bold: true } : {},
    );
    if (round % 4 === 3) text.delete(0, 5);
    if (round % 11 === 10) widgets.delete(id);
    doc.getArray('list').push([round, { nested: true }, new Uint8Array([1, 2])]);
    if (round % 6 === 5) doc.getArray('list').delete(0, 2);
  }
}
