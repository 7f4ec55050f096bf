import { mergeUpdates } from '@tessera/model';
import * as Y from 'yjs';
import type { CopyChange, EditsUpTo, StoredCopy, StoredRow, UnsavedEdits } from './storage.ts';

/** Puts the content of a copy into a document, as one transaction. Returns the keys of what could not be read. */
export function applyCopy(
  doc: Y.Doc,
  copy: Pick<StoredCopy, 'base' | 'rows'>,
  origin: unknown,
): string[] {
  const broken: string[] = [];
  const readable = (key: string, decode: () => unknown): boolean => {
    try {
      decode();
      return true;
    } catch {
      // Whatever a damaged record makes the decoder say; applied, it would leave half of itself.
      broken.push(key);
      return false;
    }
  };
  const { base } = copy;
  const hasBase = base && readable('base', () => Y.decodeUpdateV2(base));
  const rows = copy.rows.filter(({ key, update }) => readable(key, () => Y.decodeUpdate(update)));
  doc.transact(() => {
    if (hasBase) Y.applyUpdateV2(doc, base, origin);
    for (const { update } of rows) Y.applyUpdate(doc, update, origin);
  }, origin);
  return broken;
}

/** All unsaved edits of the rows together; undefined if there are none. */
export function unsavedOf(rows: readonly StoredRow[]): UnsavedEdits | undefined {
  const all = rows.flatMap(({ unsaved }) => unsaved ?? []);
  return all.length === 0 ? undefined : together(all);
}

export function together(all: readonly UnsavedEdits[]): UnsavedEdits {
  const upTo: Record<string, number> = {};
  let [count, oldestAt] = [0, Number.POSITIVE_INFINITY];
  for (const edits of all) {
    raise(upTo, edits.upTo);
    count += edits.count;
    oldestAt = Math.min(oldestAt, edits.oldestAt);
  }
  return { upTo, count, oldestAt };
}

/** Raises the entries of `upTo` to those of `other`. */
export function raise(upTo: Record<string, number>, other: EditsUpTo): void {
  for (const [writer, edit] of Object.entries(other)) {
    upTo[writer] = Math.max(upTo[writer] ?? 0, edit);
  }
}

export function covers(upTo: EditsUpTo, edits: EditsUpTo): boolean {
  return Object.entries(edits).every(([writer, edit]) => edit <= (upTo[writer] ?? 0));
}

/** The change that takes the mark from rows whose edits are all committed. */
export function savedRows(copy: StoredCopy, saved: EditsUpTo): CopyChange | undefined {
  const put = copy.rows
    .filter(({ unsaved }) => unsaved !== undefined && covers(saved, unsaved.upTo))
    .map(({ key, update }) => ({ key, update }));
  return put.length === 0 ? undefined : { put };
}

/** The change that makes at most one saved and one unsaved row of all, without looking into them. */
export function mergedRows(copy: StoredCopy, key: string): CopyChange | undefined {
  const [saved, unsaved] = bySaved(copy.rows);
  const put = [...merged(saved, `${key}s`), ...merged(unsaved, `${key}u`)];
  if (put.length === copy.rows.length) return undefined;
  return { put, remove: copy.rows.map((row) => row.key) };
}

/**
 * The change that puts all saved rows into the base, and keeps one row of unsaved edits. Going
 * through a document forgets what was overwritten or deleted, which merged updates would keep.
 */
export function compacted(copy: StoredCopy, key: string): CopyChange {
  const doc = new Y.Doc();
  const [saved, unsaved] = bySaved(copy.rows);
  applyCopy(doc, { ...copy, rows: saved }, undefined);
  const base = Y.encodeStateAsUpdateV2(doc);
  const put: StoredRow[] = [];
  const edits = unsavedOf(unsaved);
  if (edits !== undefined) {
    const known = Y.encodeStateVector(doc);
    applyCopy(doc, { ...copy, base: undefined, rows: unsaved }, undefined);
    put.push({ key, update: Y.encodeStateAsUpdate(doc, known), unsaved: edits });
  }
  doc.destroy();
  return { base, put, remove: copy.rows.map((row) => row.key) };
}

/** The end of a copy: its lineage, the rows that were not stored in time, and all that its document held. */
export interface OldCopy {
  readonly lineage: string | undefined;
  readonly late: readonly StoredRow[];
  readonly state: Uint8Array | undefined;
}

/**
 * The change that starts the copy anew in another epoch. Unsaved edits are set aside; those that come
 * later from the same lineage, from another tab, join them.
 */
export function startedAnew(
  copy: StoredCopy,
  old: OldCopy,
  to: { readonly lineage: string; readonly now: number },
): CopyChange {
  const isDone = copy.lineage !== undefined && epochOf(copy.lineage) === epochOf(to.lineage);
  const rows = [...(isDone ? [] : copy.rows), ...old.late].filter(({ unsaved }) => unsaved);
  const count = unsavedOf(rows)?.count ?? 0;
  const change: CopyChange = isDone
    ? {}
    : { lineage: to.lineage, base: null, remove: copy.rows.map(({ key }) => key) };
  if (count === 0) return change;
  const updates = rows.map(({ update }) => update);
  // The lineage that ended is the name, so that the other tabs find it.
  const id = `reset ${(isDone ? old.lineage : copy.lineage) ?? ''}`;
  const begun = copy.aside.find((one) => one.id === id);
  if (begun !== undefined) updates.push(begun.update);
  // The base went with the first tab that started anew, and had no unsaved edits.
  else if (isDone && old.state !== undefined) updates.push(old.state);
  const base = isDone ? undefined : (compacted(copy, '').base ?? undefined);
  const aside = {
    ...(begun ?? { id, at: to.now, base }),
    update: mergeUpdates(updates),
    count: count + (begun?.count ?? 0),
  };
  return { ...change, putAside: [aside] };
}

/**
 * The change that leaves a lineage for the next one: the base is what the server has now, and `put`
 * takes the place of all that was `held`. If another tab has left it already, its base stays.
 */
export function movedOn(
  copy: StoredCopy,
  to: {
    readonly lineage: string;
    readonly state: Uint8Array;
    readonly held: EditsUpTo;
    readonly put: readonly StoredRow[];
  },
): CopyChange {
  const { lineage, state, held, put } = to;
  const wasLeft = copy.lineage !== undefined && isNoOlder(copy.lineage, lineage);
  const remove = copy.rows
    .filter(({ unsaved }) => (unsaved === undefined ? !wasLeft : covers(held, unsaved.upTo)))
    .map(({ key }) => key);
  return { ...(wasLeft ? {} : { lineage, base: state }), remove, put };
}

/** The name of the document in which this browser follows an epoch: the first one, and one more after each refusal. */
export function lineageOf(epoch: string, turn: number): string {
  return turn === 0 ? epoch : `${epoch}+${turn}`;
}

export function epochOf(lineage: string): string {
  return lineage.replace(/\+\d+$/, '');
}

export function turnOf(lineage: string): number {
  return Number(/\+(\d+)$/.exec(lineage)?.[1] ?? 0);
}

/** Whether both are of one epoch, and `a` is not left behind by `b`. */
export function isNoOlder(a: string, b: string): boolean {
  return epochOf(a) === epochOf(b) && turnOf(a) >= turnOf(b);
}

function bySaved(rows: readonly StoredRow[]): [saved: StoredRow[], unsaved: StoredRow[]] {
  return [
    rows.filter(({ unsaved }) => unsaved === undefined),
    rows.filter(({ unsaved }) => unsaved !== undefined),
  ];
}

function merged(rows: readonly StoredRow[], key: string): readonly StoredRow[] {
  if (rows.length < 2) return rows;
  const unsaved = unsavedOf(rows);
  const update = mergeUpdates(rows.map((row) => row.update));
  return [unsaved === undefined ? { key, update } : { key, update, unsaved }];
}
