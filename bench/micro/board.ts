import { createWidget, setState } from '@tessera/model';
import * as Y from 'yjs';

export const WIDGETS = 1_000;

/** A board as people have it: 1,000 charts with a title, a value and some lines each. */
export function largeBoard(): Y.Doc {
  const doc = new Y.Doc();
  doc.transact(() => {
    for (let n = 0; n < WIDGETS; n += 1) {
      const series = Array.from({ length: 5 }, (_, at) => ({
        color: '#30bced',
        name: `line ${at}`,
      }));
      const state = { title: `chart ${n}`, value: 0, series };
      createWidget(doc, { id: `w-${n}`, type: 'chart', version: 1, state });
    }
  });
  return doc;
}

/** Somebody who edits a copy of a board: each time one key of another widget. */
export class Editor {
  readonly #doc = new Y.Doc();
  #update: Uint8Array = new Uint8Array();
  #edits = 0;

  constructor(board: Y.Doc) {
    Y.applyUpdate(this.#doc, Y.encodeStateAsUpdate(board));
    this.#doc.on('update', (bytes: Uint8Array) => {
      this.#update = bytes;
    });
  }

  next(): Uint8Array {
    this.#edits += 1;
    setState(this.#doc, `w-${(this.#edits * 7) % WIDGETS}`, { value: this.#edits });
    return this.#update;
  }

  take(count: number): Uint8Array[] {
    return Array.from({ length: count }, () => this.next());
  }
}
