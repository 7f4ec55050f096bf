import { createWidget, type NewWidget, setTitle, widgetsOf } from '@tessera/model';
import type * as Y from 'yjs';

const NOTE = `Open this page in a second window.

Drag the cards, type in this one, press the counter: the other window follows.

“Saved” at the top means saved: the edit is in the server’s log.`;

/** What the buttons put on the board. */
export const newWidgets = {
  note: { type: 'note', version: 1, texts: { text: '' } },
  counter: { type: 'counter', version: 1 },
  checklist: { type: 'checklist', version: 1, lists: { items: [] } },
} satisfies Record<string, NewWidget>;

export const sizes: Record<keyof typeof newWidgets, { w: number; h: number }> = {
  note: { w: 12, h: 8 },
  counter: { w: 12, h: 5 },
  checklist: { w: 12, h: 10 },
};

// With ids of their own: two windows that open an empty board at once must not both fill it.
const starter: NewWidget[] = [
  {
    ...newWidgets.note,
    id: 'starter-note',
    geom: { x: 1, y: 1, w: 12, h: 11 },
    texts: { text: NOTE },
  },
  { ...newWidgets.counter, id: 'starter-counter', geom: { x: 1, y: 13, ...sizes.counter } },
  {
    ...newWidgets.checklist,
    id: 'starter-checklist',
    geom: { x: 14, y: 1, w: 12, h: 11 },
    lists: {
      items: [
        { id: 'window', text: 'Open a second window' },
        { id: 'drag', text: 'Drag a card' },
        { id: 'stop', text: 'Stop the server and edit on' },
        { id: 'start', text: 'Start it again: all is there' },
      ],
    },
  },
];

/** Gives an empty board something to play with. */
export function fillEmptyBoard(doc: Y.Doc): void {
  if (widgetsOf(doc).size > 0) return;
  doc.transact(() => {
    setTitle(doc, 'Quickstart');
    for (const widget of starter) createWidget(doc, widget);
  });
}
