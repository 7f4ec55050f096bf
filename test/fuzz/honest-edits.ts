import { removeWidget, setGeom, setTitle, widgetsOf } from '@tessera/model';
import * as Y from 'yjs';
import { createSample } from '../support/grant-cases.ts';
import type { random } from '../support/random.ts';

type Random = ReturnType<typeof random>;

const widgets = ['open-1', 'open-2', 'open-3', 'shut-1', 'shut-2'];

/** Up to three random edits of the kind that applications make, as one update. */
export function honestEdit(doc: Y.Doc, dice: Random): Uint8Array {
  let update: Uint8Array | undefined;
  const keep = (bytes: Uint8Array) => {
    update = bytes;
  };
  doc.on('update', keep);
  while (update === undefined) {
    doc.transact(() => {
      for (let left = dice.between(0, 3); left > 0; left--) editOnce(doc, dice);
    });
  }
  doc.off('update', keep);
  return update;
}

function editOnce(doc: Y.Doc, { next, between }: Random): void {
  const id = widgets[Math.floor(between(0, widgets.length))] ?? 'open-1';
  const value = Math.floor(between(0, 100));
  const kind = next();
  if (kind < 0.05) setTitle(doc, `title ${value}`);
  else if (kind < 0.1) doc.getMap('else').set('key', value);
  else if (kind < 0.15) removeWidget(doc, id);
  else editState(doc, id, value, { next, between });
}

function editState(doc: Y.Doc, id: string, value: number, dice: Omit<Random, 'seed'>): void {
  const widget: unknown = widgetsOf(doc).get(id);
  const state: unknown = widget instanceof Y.Map ? widget.get('state') : undefined;
  if (!(state instanceof Y.Map)) {
    // Whatever an attack has put into its place.
    widgetsOf(doc).delete(id);
    createSample(doc, id);
    return;
  }
  if (dice.next() < 0.1) setGeom(doc, id, { x: value, y: 0, w: 1, h: 1 });
  if (dice.next() < 0.4) state.set(`key-${value % 4}`, value);
  const shared = state.get(dice.next() < 0.5 ? 'text' : 'list');
  const below = (end: number) => Math.floor(dice.between(0, end));
  if (!(shared instanceof Y.Text || shared instanceof Y.Array)) return;
  if (dice.next() < 0.3) shared.delete(0, below(Math.min(shared.length, 5)));
  else if (shared instanceof Y.Text) shared.insert(below(shared.length), value < 30 ? '😀' : 'abc');
  else shared.insert(below(shared.length), [value]);
}
