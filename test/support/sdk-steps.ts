import type { WidgetHandle } from '@tessera/client';
import fc from 'fast-check';
import type * as Y from 'yjs';
import { canonical, expectEqual } from './sdk-identity.ts';
import type { Peer } from './sdk-peer.ts';
import { expectRefused, makeWrong } from './sdk-refusals.ts';
import { undoAll } from './sdk-undo.ts';
import { editPart, Marks, type Sort, stateFor, valueFor } from './sdk-widgets.ts';

/** What one user does at once. Numbers pick, modulo what there is. */
const edits = [
  'create',
  'create own',
  'create same',
  'set',
  'unset',
  'edit',
  'type',
  'move',
  'remove',
  'title',
  'mark',
  'several',
  'undo',
  'redo',
  'undo all',
  'begin',
  'end',
  'pause',
  'resume',
  'clear',
  'wrong',
] as const;
type EditName = (typeof edits)[number];

export interface Edit {
  readonly edit: EditName;
  readonly who: number;
  readonly widget: number;
  readonly key: number;
  readonly at: number;
  readonly n: number;
}

const often: Partial<Record<EditName, number>> = { edit: 12, set: 5, type: 4, undo: 4, create: 3 };

export const edit: fc.Arbitrary<Edit> = fc.record({
  edit: fc.oneof(
    ...edits.map((name) => ({ arbitrary: fc.constant(name), weight: often[name] ?? 2 })),
  ),
  who: fc.nat(4),
  widget: fc.nat(12),
  key: fc.nat(6),
  at: fc.nat(9),
  n: fc.nat(120),
});

type Make = (peer: Peer, step: Edit, fresh: () => string) => void;

/** Does it, and throws if it had another effect on `peer` than it should have had. */
export const make: Make = (peer, step, fresh) => makers[step.edit](peer, step, fresh);

const makers: Record<EditName, Make> = {
  create: (peer, step, fresh) => create(peer, step, `w-${fresh()}`),
  'create own': (peer, step, fresh) => {
    if (!peer.isPaused) create(peer, step, `own-${peer.name}-${fresh()}`);
  },
  'create same': (peer, step) => {
    const id = `w-same-${step.at % 2}`;
    if (peer.board.widgets.get(id) === undefined) create(peer, step, id);
  },
  set: editOne,
  unset: editOne,
  edit: editOne,
  type: editOne,
  move: editOne,
  remove: editOne,
  title: ({ board }, { n }) => {
    board.title = valueFor('text', n) as string;
    expectEqual(board.title, valueFor('text', n), 'the title');
  },
  mark: (peer, _step, fresh) => mark(peer, fresh()),
  several: (peer, step, fresh) => {
    const { widgets, history } = peer.board;
    const both = () => {
      make(peer, { ...step, edit: 'set' }, fresh);
      const { widget, key, at } = step;
      make(peer, { ...step, edit: 'edit', widget: widget + at, key: key + 1 }, fresh);
    };
    if (step.n % 2 === 0) widgets.batch(both);
    else history.batch(both, 'several');
  },
  undo: ({ board }) => void board.history.undo(),
  redo: ({ board }) => void board.history.redo(),
  'undo all': undoAll,
  begin: ({ board }) => board.history.begin('gesture'),
  end: ({ board }) => board.history.end(),
  pause: (peer) => {
    peer.board.history.pause();
    peer.isPaused = true;
  },
  resume: (peer) => {
    peer.board.history.resume();
    peer.isPaused = false;
  },
  clear: (peer) => peer.beginHistory(),
  wrong: makeWrong,
};

function create(peer: Peer, { widget, n }: Edit, id: string): void {
  const sort = peer.sorts[widget % peer.sorts.length] as Sort;
  const { widgets } = peer.board;
  const state = stateFor(sort, n);
  const geom = { x: n, y: 0, w: 1, h: 1 };
  const made = widgets.create(sort.definition, state, { id, ...(n % 2 === 0 && { geom }) });
  expectEqual(
    made.state,
    { ...(sort.definition.type === 'chart' && { unit: 'kg' }), ...state },
    id,
  );
  if (peer.owns(id) && !peer.begun.has(id)) peer.begun.set(id, undefined);
}

function mark(peer: Peer, name: string): void {
  const { history, widgets } = peer.board;
  const marks = widgets.get(Marks, 'marks');
  if (marks === undefined) return;
  history.pause();
  marks.update((draft) => {
    draft.seen[name] = 1;
  });
  if (!peer.isPaused) history.resume();
}

function editOne(peer: Peer, { edit, widget, key, at, n }: Edit): void {
  const { board } = peer;
  const handle = peer.editable.at(widget % Math.max(1, peer.editable.length));
  if (handle === undefined || (edit === 'remove' && handle.id.startsWith('guard-'))) return;
  const { fields } = peer.sortOf(handle);
  const field = fields[key % fields.length] as (typeof fields)[number];
  const before = structuredClone(handle.state) as Record<string, unknown> | undefined;
  if (handle.status.kind === 'invalid' && edit === 'set') {
    repair(peer, handle, n);
    return;
  }
  if (handle.status.kind !== 'ok' || before === undefined) {
    expectRefused(peer, () => handle.update((draft) => editPart(draft, field, at, n)));
    return;
  }
  const expected = structuredClone(before);
  const updates: Uint8Array[] = [];
  const listen = (update: Uint8Array) => updates.push(update);
  board.doc.on('update', listen);
  if (edit === 'remove') {
    if (!handle.remove() || handle.exists) throw new Error(`${handle.id} is still there`);
  } else if (edit === 'move') {
    handle.move({ x: at, y: n, ...(handle.geom === undefined && { w: 1, h: 1 }) });
    if (handle.geom?.x !== at || handle.geom?.y !== n) throw new Error(`${handle.id} did not move`);
  } else if (edit === 'type') {
    const text = field.kind === 'text' ? handle.text(field.key as never) : undefined;
    if (text !== undefined) {
      expected[field.key] = type(board.doc, text, at, n, peer.owns(handle.id));
    }
  } else if (edit === 'set') {
    expected[field.key] = valueFor(field.kind, n);
    handle.set({ [field.key]: valueFor(field.kind, n) });
  } else if (edit === 'unset') {
    if (field.optional) delete expected[field.key];
    if (field.optional) handle.set({ [field.key]: undefined });
  } else {
    editPart(expected, field, at, n);
    handle.update((draft) => editPart(draft, field, at, n));
  }
  board.doc.off('update', listen);
  expectEqual(handle.state, expected, `${edit} of ${handle.id}.${field.key}`);
  const inBatch = board.doc._transaction !== null;
  if (edit === 'set' || edit === 'unset' || edit === 'edit') {
    const sent = inBatch ? 0 : canonical(before) === canonical(expected) ? 0 : 1;
    if (updates.length !== sent) throw new Error(`${updates.length} updates, and not ${sent}`);
  }
}

function repair(peer: Peer, handle: WidgetHandle, n: number): void {
  const whole = stateFor(peer.sortOf(handle), n | 127);
  handle.set(whole);
  if (handle.status.kind !== 'ok') throw new Error(`${handle.id} is not repaired`);
  for (const [key, value] of Object.entries(whole)) {
    expectEqual(handle.state?.[key], value, `the repaired ${handle.id}.${key}`);
  }
}

/** As an editor would, in whole characters. */
function type(doc: Y.Doc, text: Y.Text, at: number, n: number, tracked: boolean): string {
  const characters = [...text.toString()];
  const place = at % (characters.length + 1);
  const gone = characters.slice(place, place + (n % 3)).join('').length;
  const index = characters.slice(0, place).join('').length;
  characters.splice(place, n % 3, valueFor('text', n) as string);
  doc.transact(
    () => {
      if (gone > 0) text.delete(index, gone);
      text.insert(index, valueFor('text', n) as string);
    },
    tracked || n % 2 === 0 ? 'editor' : 'somebody else',
  );
  return characters.join('');
}
