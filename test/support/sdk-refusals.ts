import { TesseraError, type WidgetHandle } from '@tessera/client';
import * as Y from 'yjs';
import type { Peer } from './sdk-peer.ts';
import { editPart, type Sort, stateFor, wrongValueFor } from './sdk-widgets.ts';

interface Numbers {
  readonly widget: number;
  readonly key: number;
  readonly at: number;
  readonly n: number;
}

/** An edit that must not be made. */
export function makeWrong(peer: Peer, { widget, key, at, n }: Numbers): void {
  const { board } = peer;
  const { widgets } = board;
  const handle: WidgetHandle | undefined = peer.editable.at(
    widget % Math.max(1, peer.editable.length),
  );
  const sort = handle === undefined ? (peer.sorts[0] as Sort) : peer.sortOf(handle);
  const field = sort.fields[key % sort.fields.length] as Sort['fields'][number];
  const twice = [
    { id: 'i', n: 1 },
    { id: 'i', n: 2 },
  ];
  const late = async (draft: Record<string, unknown>) => editPart(draft, field, at, n);
  const bad = { [field.key]: wrongValueFor(field.kind) };
  const { definition } = sort;
  const tries: (() => unknown)[] = [
    () => widgets.create(definition, { ...stateFor(sort, n), ...bad }),
    () => widgets.create(definition, stateFor(sort, n), { id: 'guard-chart' }),
    () => widgets.create(definition, stateFor(sort, n), { id: '__proto__' }),
    () =>
      widgets.create(definition, stateFor(sort, n), { geom: { x: Number.NaN, y: 0, w: 1, h: 1 } }),
    () => widgets.move('not there', { x: 1, y: 1, w: 1, h: 1 }),
    () => widgets.handle(definition, 'not there').set(stateFor(sort, n)),
    () => {
      board.title = 'half a character: \ud83d';
    },
  ];
  if (handle !== undefined) {
    tries.push(
      () => handle.set(bad),
      () => handle.move({ x: Number.POSITIVE_INFINITY }),
      () =>
        handle.update((draft) => {
          editPart(draft, field, at, n);
          throw new TesseraError('malformed', 'by the recipe');
        }),
      () => handle.update(late as never),
      () =>
        handle.update((draft) => {
          editPart(draft, sort.fields[0] as Sort['fields'][number], at, n);
          Object.assign(draft, bad);
        }),
      () => handle.set(field.kind === 'items' ? { [field.key]: twice } : bad),
    );
  }
  const one = tries[(at * 13 + n) % tries.length];
  if (one === undefined) return;
  expectRefused(peer, one);
}

/** Throws unless the attempt is refused as malformed, and changes neither the document nor what is shown. */
export function expectRefused(peer: Peer, attempt: () => unknown): void {
  const { board } = peer;
  const shown = () => {
    const { widgets, history, status, title } = board;
    return [
      widgets.list(),
      history.state,
      status,
      title,
      ...widgets.list().map(({ id }) => widgets.get(id)),
    ];
  };
  const before = shown();
  const bytes = Y.encodeStateAsUpdate(board.doc);
  let thrown: unknown;
  try {
    attempt();
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof TesseraError) || thrown.code !== 'malformed') {
    throw new Error(`not refused as malformed: ${attempt}`, { cause: thrown });
  }
  const after = shown();
  if (before.length !== after.length || before.some((part, at) => part !== after[at])) {
    throw new Error(`refused, and changed what is shown: ${attempt}`);
  }
  if (Buffer.compare(bytes, Y.encodeStateAsUpdate(board.doc)) !== 0) {
    throw new Error(`refused, and changed the document: ${attempt}`);
  }
}
