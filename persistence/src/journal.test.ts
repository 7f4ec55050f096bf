import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { BoardStore, NewUpdate } from './board-store.ts';
import { createMemoryBoardStore } from './board-store-memory.ts';
import { type Commit, Journal, type JournalOptions } from './journal.ts';

/** A journal on a memory store whose `append` a test can hold up or break. */
async function setUp(options: JournalOptions = {}) {
  const store = createMemoryBoardStore();
  const epochs = new Map<string, string>();
  for (const board of ['acme/a', 'acme/b']) {
    const head = await store.open(board, { create: true });
    epochs.set(board, head?.epoch ?? '');
  }
  const log = { commits: [] as Commit[], refused: [] as string[], health: [] as string[] };
  const pressure: [full: boolean, board: string | undefined][] = [];
  let append: BoardStore['append'] = (updates) => store.append(updates);
  const journal = new Journal(
    { append: (updates) => append(updates) },
    {
      committed: (commit) => log.commits.push(commit),
      refused: (board, reason) => log.refused.push(`${board} ${reason}`),
      health: (failure) => log.health.push(failure?.message ?? 'ok'),
      pressure: (full, board) => pressure.push([full, board]),
    },
    options,
  );
  const update = (board: string, actor: string, bytes = edit()): NewUpdate => ({
    board,
    epoch: epochs.get(board) ?? '',
    actor,
    bytes,
  });
  const saved = (board: string) =>
    new Promise<void>((resolve) => journal.whenSaved(board, resolve));
  return {
    store,
    journal,
    log,
    pressure,
    update,
    saved,
    appendWith: (next: (updates: readonly NewUpdate[]) => ReturnType<BoardStore['append']>) => {
      append = next;
    },
  };
}

function edit(): Uint8Array {
  const doc = new Y.Doc();
  doc.getArray('list').push([doc.clientID]);
  return Y.encodeStateAsUpdate(doc);
}

describe('Journal', () => {
  it('calls back after the commit and not before', async () => {
    const { journal, store, saved, update, appendWith } = await setUp();
    const gate = Promise.withResolvers<void>();
    appendWith(async (updates) => {
      await gate.promise;
      return store.append(updates);
    });
    journal.append(update('acme/a', 'ada'));
    let isSaved = false;
    const done = saved('acme/a').then(() => {
      isSaved = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSaved).toBe(false);
    expect(journal.isPending('acme/a')).toBe(true);
    expect(journal.pendingBoards).toEqual(['acme/a']);
    gate.resolve();
    await done;
    expect(journal.isPending('acme/a')).toBe(false);
    expect((await store.load('acme/a'))?.head).toBe(1);
  });

  it('calls back at once when nothing is pending', async () => {
    const { journal } = await setUp();
    let called = false;
    journal.whenSaved('acme/a', () => {
      called = true;
    });
    expect(called).toBe(true);
  });

  it('merges what one actor did on a board during a flush into one row', async () => {
    const { journal, store, saved, update, log } = await setUp();
    const updates = Array.from({ length: 10 }, (_, index) =>
      update('acme/a', index % 2 === 0 ? 'ada' : 'bob'),
    );
    for (const each of updates) journal.append(each);
    await saved('acme/a');
    const stored = await store.load('acme/a');
    expect(stored?.updates.map((row) => row.actor)).toEqual(['ada', 'bob']);
    expect(log.commits).toMatchObject([{ board: 'acme/a', firstSeq: 1, lastSeq: 2 }]);
    expect(log.commits[0]?.updates).toHaveLength(2);
    const doc = new Y.Doc();
    for (const row of stored?.updates ?? []) Y.applyUpdate(doc, row.bytes);
    expect(doc.getArray('list').length).toBe(10);
  });

  it('keeps one flush in flight and commits the rest together after it', async () => {
    const { journal, store, saved, update, appendWith } = await setUp();
    const sizes: number[] = [];
    let inFlight = 0;
    appendWith(async (updates) => {
      inFlight += 1;
      expect(inFlight).toBe(1);
      sizes.push(updates.length);
      if (sizes.length === 1) {
        journal.append(update('acme/a', 'ada'));
        journal.append(update('acme/b', 'bob'));
      }
      const appended = await store.append(updates);
      inFlight -= 1;
      return appended;
    });
    journal.append(update('acme/a', 'ada'));
    await saved('acme/a');
    await journal.drained();
    expect(sizes).toEqual([1, 2]);
  });

  it('retries until it commits, says so, and calls back only then', async () => {
    const { journal, store, saved, update, log, appendWith } = await setUp();
    let attempts = 0;
    appendWith(async (updates) => {
      attempts += 1;
      if (attempts < 4) throw new Error('connection refused');
      return store.append(updates);
    });
    journal.append(update('acme/a', 'ada'));
    await saved('acme/a');
    expect(attempts).toBe(4);
    expect(log.health).toEqual(['connection refused', 'ok']);
    expect(journal.failure).toBeUndefined();
  });

  it('says so when the database hangs, and when it answers after all', async () => {
    const { journal, store, saved, update, log, appendWith } = await setUp();
    const gate = Promise.withResolvers<void>();
    appendWith(async (updates) => {
      await gate.promise;
      return store.append(updates);
    });
    journal.append(update('acme/a', 'ada'));
    await expect.poll(() => log.health, { timeout: 5_000 }).toEqual(['no answer for 1000 ms']);
    gate.resolve();
    await saved('acme/a');
    expect(log.health).toEqual(['no answer for 1000 ms', 'ok']);
  });

  it('refuses a board of another epoch and saves the others', async () => {
    const { journal, saved, update, log } = await setUp();
    const stale = { ...update('acme/a', 'ada'), epoch: '00000000-0000-0000-0000-000000000000' };
    let ackedStale = false;
    journal.append(stale);
    journal.whenSaved('acme/a', () => {
      ackedStale = true;
    });
    journal.append(update('acme/b', 'bob'));
    await saved('acme/b');
    expect(log.refused).toEqual(['acme/a epoch-changed']);
    journal.append(stale);
    await journal.drained();
    expect(ackedStale).toBe(false);
    expect(journal.isPending('acme/a')).toBe(false);
    journal.forget('acme/a');
    journal.append(update('acme/a', 'ada'));
    await saved('acme/a');
  });

  it('isolates the board whose data cannot be stored', async () => {
    const { journal, store, saved, update, log, appendWith } = await setUp();
    appendWith(async (updates) => {
      if (updates.some((row) => row.actor === 'nul')) {
        throw Object.assign(new Error('invalid byte sequence'), { code: '22021' });
      }
      return store.append(updates);
    });
    journal.append(update('acme/a', 'nul'));
    journal.append(update('acme/b', 'bob'));
    await saved('acme/b');
    expect(log.refused).toEqual(['acme/a unacceptable']);
    expect(journal.pendingBytes).toBe(0);
  });

  it('reports pressure above the budget and relief at half of it', async () => {
    const bytes = edit();
    const { journal, store, update, pressure, appendWith } = await setUp({
      maxPendingBytes: bytes.byteLength * 2.5,
    });
    const gate = Promise.withResolvers<void>();
    appendWith(async (updates) => {
      await gate.promise;
      return store.append(updates);
    });
    for (let i = 0; i < 3; i++) journal.append(update('acme/a', 'ada', bytes));
    expect(pressure).toEqual([[true, undefined]]);
    expect(journal.full).toBe(true);
    gate.resolve();
    await journal.drained();
    expect(pressure).toEqual([
      [true, undefined],
      [false, undefined],
    ]);
    expect(journal.pendingBytes).toBe(0);
  });

  it('reports pressure of one board alone', async () => {
    const bytes = edit();
    const { journal, store, update, pressure, appendWith } = await setUp({
      maxPendingBytesPerBoard: bytes.byteLength * 2.5,
    });
    const gate = Promise.withResolvers<void>();
    appendWith(async (updates) => {
      await gate.promise;
      return store.append(updates);
    });
    for (let i = 0; i < 2; i++) journal.append(update('acme/b', 'ada', bytes));
    for (let i = 0; i < 3; i++) journal.append(update('acme/a', 'ada', bytes));
    expect(pressure).toEqual([[true, 'acme/a']]);
    expect([journal.isFull('acme/a'), journal.isFull('acme/b')]).toEqual([true, false]);
    gate.resolve();
    await journal.drained();
    expect(pressure).toEqual([
      [true, 'acme/a'],
      [false, 'acme/a'],
    ]);
  });

  it('gives up waiting when it is closed, without calling anything saved', async () => {
    const { journal, update, appendWith } = await setUp();
    appendWith(() => Promise.reject(new Error('connection refused')));
    let isSaved = false;
    journal.append(update('acme/a', 'ada'));
    journal.whenSaved('acme/a', () => {
      isSaved = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    await journal.close();
    expect(isSaved).toBe(false);
    expect(journal.pendingBoards).toEqual(['acme/a']);
  });
});
