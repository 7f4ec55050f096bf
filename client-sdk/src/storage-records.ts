import * as Y from 'yjs';
import type { CopyChange, EditsUpTo, StoredCopy, StoredRow, UnsavedEdits } from './storage.ts';

/** Puts the content of a copy into a document, as one transaction. Returns the keys of what could not be read. */
export function applyCopy(doc: Y.Doc, copy: StoredCopy, origin: unknown): string[] {
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

/** The end of a copy: its epoch, the rows that were not stored in time, and all that its document held. */
export interface OldCopy {
  readonly epoch: string | undefined;
  readonly late: readonly StoredRow[];
  readonly state: Uint8Array | undefined;
}

/**
 * The change that starts the copy anew in another epoch. Unsaved edits become a conflict; those
 * that come later from the same epoch, from another tab, join it.
 */
export function startedAnew(
  copy: StoredCopy,
  old: OldCopy,
  to: { readonly epoch: string; readonly now: number; readonly id: string },
): CopyChange {
  const isDone = copy.epoch === to.epoch;
  const rows = [...(isDone ? [] : copy.rows), ...old.late].filter(({ unsaved }) => unsaved);
  const count = unsavedOf(rows)?.count ?? 0;
  const change: CopyChange = isDone
    ? {}
    : { epoch: to.epoch, base: null, remove: copy.rows.map(({ key }) => key) };
  if (count === 0) return change;
  const updates = rows.map(({ update }) => update);
  const epoch = isDone ? old.epoch : copy.epoch;
  const begun = copy.conflicts.find((conflict) => conflict.epoch === epoch);
  if (begun !== undefined) updates.push(begun.update);
  // The base went with the first tab that started anew, and had no unsaved edits.
  else if (isDone && old.state !== undefined) updates.push(old.state);
  const conflict = {
    ...(begun ?? {
      id: to.id,
      at: to.now,
      epoch,
      base: isDone ? undefined : (compacted(copy, '').base ?? undefined),
    }),
    update: Y.mergeUpdates(updates),
    count: count + (begun?.count ?? 0),
  };
  return { ...change, putConflicts: [conflict] };
}

/** The change that leaves an empty copy, conflicts included. */
export function emptied(copy: StoredCopy): CopyChange {
  return {
    epoch: null,
    base: null,
    remove: copy.rows.map(({ key }) => key),
    removeConflicts: copy.conflicts.map(({ id }) => id),
  };
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
  const update = Y.mergeUpdates(rows.map((row) => row.update));
  return [unsaved === undefined ? { key, update } : { key, update, unsaved }];
}
