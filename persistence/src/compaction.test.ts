import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import type { BoardStore, StoredBoard } from './board-store.ts';
import { createMemoryBoardStore } from './board-store-memory.ts';
import { Compactor, type CompactorOptions, createCompactor } from './compaction.ts';
import { applyStoredBoard } from './load-board.ts';
import { buildSnapshot } from './snapshot.ts';
import { type SnapshotBuilder, SnapshotThread } from './snapshot-thread.ts';
import { createLoggedDoc, editEverything, type LoggedDoc } from './test-board.ts';
import { verifyBoard } from './verify.ts';

let store: BoardStore;
let logged: LoggedDoc;
let failures: [board: string, error: unknown][];
let built: string[];

const inThisThread: SnapshotBuilder = {
  async build(stored) {
    built.push(stored.board);
    return buildSnapshot(stored);
  },
  close: async () => undefined,
};

const compactorWith = (options: Partial<CompactorOptions> = {}) =>
  new Compactor(store, {
    onFailure: (board, error) => failures.push([board, error]),
    builder: inThisThread,
    ...options,
  });

beforeEach(async () => {
  store = createMemoryBoardStore();
  logged = await createLoggedDoc(store, 'acme/sales');
  editEverything(logged.doc, 10);
  await logged.save();
  failures = [];
  built = [];
});

const snapshotSeq = async (board = 'acme/sales') => (await store.load(board))?.snapshot?.seq;

describe('compaction', () => {
  it('writes a snapshot of the whole state, and leaves the log in place', async () => {
    const compactor = compactorWith();
    expect(await compactor.compact('acme/sales')).toBe(true);
    const { head, snapshot, updates } = (await store.load('acme/sales')) ?? {};
    expect([snapshot?.seq, updates]).toEqual([head, []]);
    const log = (await store.load('acme/sales', { ignoreSnapshot: true }))?.updates;
    expect(log).toHaveLength(logged.updates.length);
    expect(await verifyBoard(store, 'acme/sales')).toMatchObject({ problems: [] });
  });

  it('builds the next snapshot from the previous one and the log after it', async () => {
    const compactor = compactorWith();
    await compactor.compact('acme/sales');
    editEverything(logged.doc, 30);
    await logged.save();
    expect(await compactor.compact('acme/sales')).toBe(true);
    expect(await snapshotSeq()).toBe(logged.updates.length);
    expect(await verifyBoard(store, 'acme/sales')).toMatchObject({ problems: [] });
  });

  it('keeps nothing of what was deleted', async () => {
    const secret = 'a very long secret '.repeat(500);
    logged.doc.getText('notes').insert(0, secret);
    logged.doc.getText('notes').delete(0, secret.length);
    await logged.save();
    await compactorWith().compact('acme/sales');
    const bytes = (await store.load('acme/sales'))?.snapshot?.bytes ?? new Uint8Array();
    expect(Buffer.from(bytes).includes('very long secret')).toBe(false);
  });

  it('writes nothing for an unknown board, or one without anything new', async () => {
    const compactor = compactorWith();
    expect(await compactor.compact('acme/unknown')).toBe(false);
    expect(await compactor.compact('acme/sales')).toBe(true);
    expect(await compactor.compact('acme/sales')).toBe(false);
    expect(failures).toEqual([]);
  });

  it('lets a newer snapshot of another node stand', async () => {
    const builder: SnapshotBuilder = {
      ...inThisThread,
      async build(stored) {
        await store.putSnapshot(stored.board, stored.epoch, buildSnapshot(stored));
        return buildSnapshot(stored);
      },
    };
    expect(await compactorWith({ builder }).compact('acme/sales')).toBe(false);
  });
});

describe('a compactor that is closed', () => {
  it('builds nothing of what it was just reading', async () => {
    const reading = Promise.withResolvers<void>();
    const slow = {
      load: async (board: string) => {
        await reading.promise;
        return store.load(board);
      },
      putSnapshot: store.putSnapshot.bind(store),
    };
    const compactor = new Compactor(slow, { builder: inThisThread, onFailure: () => undefined });
    const compacted = compactor.compact('acme/sales');
    const closed = compactor.close();
    reading.resolve();
    expect(await compacted).toBe(false);
    await closed;
    expect(built).toEqual([]);
  });
});

describe('a board is due', () => {
  it('when the log since the snapshot has as many bytes as the snapshot', async () => {
    const compactor = compactorWith({ minBytes: 100 });
    compactor.loaded('acme/sales', { snapshotBytes: 1_000, rows: 1, bytes: 0 });
    compactor.appended('acme/sales', 5, 999);
    await compactor.idle();
    expect(built).toEqual([]);
    compactor.appended('acme/sales', 1, 1);
    await compactor.idle();
    expect(built).toEqual(['acme/sales']);
  });

  it('not before it has the least number of bytes', async () => {
    const compactor = compactorWith({ minBytes: 100 });
    compactor.appended('acme/sales', 1, 99);
    await compactor.idle();
    expect(built).toEqual([]);
    compactor.appended('acme/sales', 1, 1);
    await compactor.idle();
    expect(built).toEqual(['acme/sales']);
  });

  it('when the log since the snapshot has very many rows, or had when it was loaded', async () => {
    const compactor = compactorWith({ maxRows: 10 });
    compactor.loaded('acme/sales', { snapshotBytes: 1e9, rows: 9, bytes: 0 });
    await compactor.idle();
    expect(built).toEqual([]);
    compactor.loaded('acme/sales', { snapshotBytes: 1e9, rows: 10, bytes: 0 });
    await compactor.idle();
    expect(built).toEqual(['acme/sales']);
  });

  it('again only after as much again, and what came meanwhile counts', async () => {
    let during: () => void = () => undefined;
    const builder: SnapshotBuilder = {
      ...inThisThread,
      build(stored) {
        during();
        return inThisThread.build(stored);
      },
    };
    const rows = logged.updates.length;
    const compactor = compactorWith({ builder, maxRows: rows, minBytes: 1e9 });
    during = () => compactor.appended('acme/sales', rows - 1, 10);
    compactor.appended('acme/sales', rows, 10);
    await compactor.idle();
    expect(built).toHaveLength(1);
    during = () => undefined;
    editEverything(logged.doc, 1);
    await logged.save();
    compactor.appended('acme/sales', 1, 10);
    await compactor.idle();
    expect(built).toHaveLength(2);
  });

  it('at its unloading if that spares later loads enough', async () => {
    const compactor = compactorWith({ worthRows: 3 });
    expect(await compactor.compactIfWorth('acme/sales')).toBe(false);
    compactor.appended('acme/sales', 2, 10);
    expect(await compactor.compactIfWorth('acme/sales')).toBe(false);
    compactor.appended('acme/sales', 1, 10);
    expect(await compactor.compactIfWorth('acme/sales')).toBe(true);
    compactor.appended('acme/sales', 3, 10);
    compactor.forget('acme/sales');
    expect(await compactor.compactIfWorth('acme/sales')).toBe(false);
  });
});

describe('the queue', () => {
  it('takes one board at a time, each once', async () => {
    const names = ['acme/a', 'acme/b', 'acme/c'];
    for (const name of names) {
      const other = await createLoggedDoc(store, name);
      editEverything(other.doc, 3);
      await other.save();
    }
    let running = 0;
    let most = 0;
    const builder: SnapshotBuilder = {
      ...inThisThread,
      async build(stored) {
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        return inThisThread.build(stored);
      },
    };
    const compactor = compactorWith({ builder });
    const results = await Promise.all([...names, ...names].map((name) => compactor.compact(name)));
    expect(results).toEqual([true, true, true, true, true, true]);
    expect([most, built]).toEqual([1, names]);
  });

  it('reports a board that fails, keeps what is stored, and goes on with the others', async () => {
    const bad = await store.open('acme/bad', { create: true });
    await store.append([{ ...logged, ...bad, actor: 'ann', bytes: Uint8Array.of(9, 9, 9) }]);
    const compactor = compactorWith({ minBytes: 100 });
    compactor.appended('acme/bad', 1, 100);
    expect(await compactor.compact('acme/sales')).toBe(true);
    expect(failures).toMatchObject([['acme/bad', { code: 'board-unavailable' }]]);
    expect(await store.load('acme/bad')).toMatchObject({ head: 1, snapshot: undefined });
    // It is not tried again with every update.
    compactor.appended('acme/bad', 1, 99);
    await compactor.idle();
    expect(built).toEqual(['acme/bad', 'acme/sales']);
  });

  it('gives up what waits when it is closed, without calling that a failure', async () => {
    const { promise: never, reject: end } = Promise.withResolvers<never>();
    const build = vi.fn(() => never);
    const builder: SnapshotBuilder = { build, close: async () => end(new Error('closed')) };
    const compactor = compactorWith({ builder });
    const results = ['acme/sales', 'acme/other'].map((name) => compactor.compact(name));
    await vi.waitUntil(() => build.mock.calls.length === 1);
    expect(compactor.close()).toBe(compactor.close());
    await compactor.close();
    expect(await Promise.all(results)).toEqual([false, false]);
    expect(await compactor.compact('acme/sales')).toBe(false);
    expect(failures).toEqual([]);
  });
});

describe('the snapshot thread', () => {
  let thread: SnapshotThread;

  afterEach(async () => {
    await thread.close();
  });

  it('builds the same snapshot as this thread, and does not keep what it was given', async () => {
    thread = new SnapshotThread();
    const stored = await store.load('acme/sales');
    if (stored === undefined) throw new Error('the board is missing');
    const snapshot = await thread.build(stored);
    expect(Buffer.compare(snapshot.bytes, buildSnapshot(stored).bytes)).toBe(0);
    const next = { ...stored, snapshot, updates: [] };
    expect((await thread.build(next)).seq).toBe(stored.head);
    const doc = new Y.Doc();
    applyStoredBoard(doc, { ...stored, snapshot: undefined });
    expect(doc.getText('notes').toString()).toBe(logged.doc.getText('notes').toString());
  });

  it('does it elsewhere: this thread never decodes the board', async () => {
    thread = new SnapshotThread();
    const stored = await store.load('acme/sales');
    const made = vi.spyOn(Y.Doc.prototype, 'destroy');
    await thread.build(stored as NonNullable<typeof stored>);
    expect(made).not.toHaveBeenCalled();
    made.mockRestore();
  });

  it('starts with the first job, and ends when there was none for a while', async () => {
    thread = new SnapshotThread({ idleMs: 20 });
    expect(thread.isRunning).toBe(false);
    const stored = await store.load('acme/sales');
    const building = thread.build(stored as NonNullable<typeof stored>);
    expect(thread.isRunning).toBe(true);
    await building;
    await expect.poll(() => thread.isRunning).toBe(false);
    expect((await thread.build(stored as NonNullable<typeof stored>)).seq).toBe(stored?.head);
  });

  it('says which board is not whole', async () => {
    thread = new SnapshotThread();
    const stored = await store.load('acme/sales');
    const broken = { ...(stored as NonNullable<typeof stored>), head: 1_000 };
    await expect(thread.build(broken)).rejects.toThrow('board acme/sales: its log ends at seq');
  });

  it('rejects what it builds when it is closed', async () => {
    thread = new SnapshotThread();
    const stored = await store.load('acme/sales');
    const building = thread.build(stored as NonNullable<typeof stored>);
    const rejected = expect(building).rejects.toThrow('ended while it built acme/sales');
    await thread.close();
    await rejected;
  });

  it('rejects also when its thread has ended before it was asked', async () => {
    thread = new SnapshotThread();
    const stored = (await store.load('acme/sales')) as StoredBoard;
    await thread.build(stored);
    // From here the event loop looks for ended threads before it goes on with the build.
    await nextTurn();
    const rejected = expect(thread.build(stored)).rejects.toThrow('ended while it built');
    const closed = thread.close();
    const end = performance.now() + 200;
    while (performance.now() < end);
    await rejected;
    await closed;
    expect((await thread.build(stored)).seq).toBe(stored.head);
  });

  it('is what a compactor uses', async () => {
    thread = new SnapshotThread();
    const compactor = createCompactor(store, { onFailure: (...failure) => failures.push(failure) });
    expect(await compactor.compact('acme/sales')).toBe(true);
    expect(await snapshotSeq()).toBe(logged.updates.length);
    await compactor.close();
    expect(failures).toEqual([]);
  });
});
