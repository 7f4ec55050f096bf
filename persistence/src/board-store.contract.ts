import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BoardHead, BoardStore, NewUpdate } from './board-store.ts';

/** What every board store promises. `openStore` makes an empty one. */
export function describeBoardStore(name: string, openStore: () => Promise<BoardStore>): void {
  describe(name, () => {
    let store: BoardStore;
    let boards = 0;

    beforeAll(async () => {
      store = await openStore();
    }, 30_000);

    afterAll(async () => {
      await store.close();
    });

    /** A new board with a name of its own, as all tests share the store. */
    const newBoard = async (prefix = 'acme/board'): Promise<BoardHead> => {
      boards += 1;
      const head = await store.open(`${prefix}-${boards}`, { create: true });
      if (head === undefined) throw new Error('the store did not make a board');
      return head;
    };

    const update = (to: BoardHead, text: string, actor = 'ann'): NewUpdate => ({
      board: to.board,
      epoch: to.epoch,
      actor,
      bytes: new TextEncoder().encode(text),
    });

    const texts = async (board: string): Promise<string[]> => {
      const stored = await store.load(board, { ignoreSnapshot: true });
      return (stored?.updates ?? []).map(({ bytes }) => new TextDecoder().decode(bytes));
    };

    it('knows no board before somebody creates it', async () => {
      expect(await store.open('acme/unknown', { create: false })).toBeUndefined();
      expect(await store.load('acme/unknown')).toBeUndefined();
    });

    it('makes a board once, however many ask for it at the same time', async () => {
      const heads = await Promise.all(
        Array.from({ length: 8 }, () => store.open('acme/wanted', { create: true })),
      );
      expect(heads[0]).toEqual({ board: 'acme/wanted', epoch: expect.any(String), head: 0 });
      expect(new Set(heads.map((head) => head?.epoch)).size).toBe(1);
      expect(await store.open('acme/wanted', { create: false })).toEqual(heads[0]);
    });

    it('loads a new board as empty', async () => {
      const { board, epoch } = await newBoard();
      const empty = { board, epoch, head: 0, snapshot: undefined, updates: [] };
      expect(await store.load(board)).toEqual(empty);
    });

    it('reads the log after a seq, up to the head', async () => {
      const board = await newBoard();
      await store.append([update(board, 'a'), update(board, 'b'), update(board, 'c', 'bob')]);
      const tail = await store.loadTail(board.board, 1);
      expect(tail).toMatchObject({ ...board, head: 3 });
      expect(tail?.updates.map(({ seq, actor }) => [seq, actor])).toEqual([
        [2, 'ann'],
        [3, 'bob'],
      ]);
      expect(new TextDecoder().decode(tail?.updates[1]?.bytes)).toBe('c');
      expect(await store.loadTail(board.board, 3)).toMatchObject({ head: 3, updates: [] });
      expect(await store.loadTail('acme/unknown', 0)).toBeUndefined();
    });

    it('names the boards that went on, fell back or began anew, of those it is asked about', async () => {
      const [same, ahead] = [await newBoard(), await newBoard()];
      const [other, behind] = [await newBoard(), await newBoard()];
      await store.append([same, ahead, other, behind].map((board) => update(board, 'a')));
      const known = [
        { ...same, head: 1 },
        { ...ahead, head: 0 },
        { ...other, head: 1, epoch: randomUUID() },
        { ...behind, head: 2 },
        { board: 'acme/unknown', head: 0, epoch: randomUUID() },
      ];
      const changed = await store.findChanged(known);
      expect(changed.sort((a, b) => (a.board < b.board ? -1 : 1))).toEqual([
        { ...ahead, head: 1 },
        { ...other, head: 1 },
        { ...behind, head: 1 },
      ]);
      expect(await store.findChanged([])).toEqual([]);
    });

    it('numbers updates from 1 without gaps, in the order they were appended', async () => {
      const board = await newBoard();
      expect(await store.append([update(board, 'a'), update(board, 'b')])).toEqual([
        { board: board.board, firstSeq: 1, lastSeq: 2 },
      ]);
      expect(await store.append([update(board, 'c')])).toEqual([
        { board: board.board, firstSeq: 3, lastSeq: 3 },
      ]);
      const stored = await store.load(board.board);
      expect(stored?.head).toBe(3);
      expect(stored?.updates.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      expect(await texts(board.board)).toEqual(['a', 'b', 'c']);
    });

    it('keeps the order within each board when one append mixes boards', async () => {
      const [one, two] = [await newBoard(), await newBoard()];
      const mixed = [update(two, '2a'), update(one, '1a'), update(two, '2b'), update(one, '1b')];
      const appended = await store.append(mixed);
      expect(appended).toHaveLength(2);
      expect(appended).toContainEqual({ board: one.board, firstSeq: 1, lastSeq: 2 });
      expect(appended).toContainEqual({ board: two.board, firstSeq: 1, lastSeq: 2 });
      expect(await texts(one.board)).toEqual(['1a', '1b']);
      expect(await texts(two.board)).toEqual(['2a', '2b']);
    });

    it('writes nothing of a board that does not exist or has another epoch, and all of the others', async () => {
      const [good, stale] = [await newBoard(), await newBoard()];
      const unknown = { board: 'acme/missing', epoch: good.epoch, head: 0 };
      const other = { ...stale, epoch: randomUUID() };
      const appended = await store.append([
        update(unknown, 'x'),
        update(good, 'a'),
        update(other, 'x'),
        update(good, 'b'),
      ]);
      expect(appended).toEqual([{ board: good.board, firstSeq: 1, lastSeq: 2 }]);
      expect(await texts(good.board)).toEqual(['a', 'b']);
      expect(await store.load(stale.board)).toMatchObject({ head: 0, updates: [] });
      expect(await store.open(unknown.board, { create: false })).toBeUndefined();
    });

    it('takes only the updates of the right epoch when an append has two epochs of a board', async () => {
      const board = await newBoard();
      const other = { ...board, epoch: randomUUID() };
      const mixed = [
        update(other, 'x'),
        update(board, 'a'),
        update(other, 'y'),
        update(board, 'b'),
      ];
      expect(await store.append(mixed)).toEqual([{ board: board.board, firstSeq: 1, lastSeq: 2 }]);
      expect(await texts(board.board)).toEqual(['a', 'b']);
    });

    it('answers an empty append with nothing', async () => {
      expect(await store.append([])).toEqual([]);
    });

    it('gives dense seqs to two appenders that write the same boards in opposite orders', async () => {
      const heads = await Promise.all(Array.from({ length: 12 }, () => newBoard()));
      const write = async (writer: string, order: BoardHead[]) => {
        for (let round = 0; round < 40; round++) {
          await store.append(order.map((board) => update(board, `${writer}${round}`, writer)));
        }
      };
      await Promise.all([write('p', heads), write('q', heads.toReversed())]);
      for (const { board } of heads) {
        const stored = await store.load(board);
        expect(stored?.head).toBe(80);
        expect(stored?.updates.map(({ seq }) => seq)).toEqual(
          Array.from({ length: 80 }, (_, i) => i + 1),
        );
        for (const writer of ['p', 'q']) {
          const own = (await texts(board)).filter((text) => text.startsWith(writer));
          expect(own).toEqual(Array.from({ length: 40 }, (_, round) => `${writer}${round}`));
        }
      }
    }, 30_000);

    it('gives back who, when and every byte, of small, empty and large updates', async () => {
      const board = await newBoard();
      const before = Date.now() - 60_000;
      const actors = ['ann', 'o\'neill "x" {1,2} \\ NULL', 'ß漢😀', 'bob'];
      const sizes = [5, 0, 1_000_003, 2 ** 19];
      const bytes = sizes.map((size) => Uint8Array.from({ length: size }, (_, i) => (i * 31) >> 3));
      await store.append(
        bytes.map((bytes, i) => ({ ...update(board, ''), bytes, actor: actors[i] ?? '' })),
      );
      const updates = (await store.load(board.board))?.updates ?? [];
      expect(updates.map(({ actor }) => actor)).toEqual(actors);
      expect(
        updates.map((stored, i) => Buffer.compare(stored.bytes, bytes[i] ?? stored.bytes)),
      ).toEqual([0, 0, 0, 0]);
      for (const { createdAt } of updates) {
        expect(createdAt.getTime()).toBeGreaterThan(before);
        expect(createdAt.getTime()).toBeLessThan(before + 120_000);
      }
    });

    it('is not changed by what callers do to bytes they gave or got', async () => {
      const board = await newBoard();
      const given = update(board, 'abc');
      await store.append([given]);
      given.bytes.fill(0);
      (await store.load(board.board))?.updates[0]?.bytes.fill(0);
      expect(await texts(board.board)).toEqual(['abc']);
    });

    it('loads the snapshot and only what came after it', async () => {
      const board = await newBoard();
      await store.append(['a', 'b', 'c'].map((text) => update(board, text)));
      const bytes = Uint8Array.from({ length: 700_001 }, (_, i) => i * 7);
      expect(await store.putSnapshot(board.board, board.epoch, { seq: 2, bytes })).toBe(true);
      const stored = await store.load(board.board);
      expect(stored?.head).toBe(3);
      expect(stored?.snapshot?.seq).toBe(2);
      expect(Buffer.compare(stored?.snapshot?.bytes ?? new Uint8Array(), bytes)).toBe(0);
      expect(stored?.updates.map(({ seq }) => seq)).toEqual([3]);
      const whole = await store.load(board.board, { ignoreSnapshot: true });
      expect(whole?.snapshot).toBeUndefined();
      expect(whole?.updates.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    });

    it('never replaces a snapshot by an equal or older one', async () => {
      const board = await newBoard();
      await store.append(['a', 'b', 'c'].map((text) => update(board, text)));
      const put = (seq: number) =>
        store.putSnapshot(board.board, board.epoch, { seq, bytes: Uint8Array.of(seq) });
      expect(await put(2)).toBe(true);
      expect(await put(2)).toBe(false);
      expect(await put(1)).toBe(false);
      expect((await store.load(board.board))?.snapshot).toEqual({
        seq: 2,
        bytes: expect.anything(),
      });
      expect(await put(3)).toBe(true);
      expect((await store.load(board.board))?.snapshot?.seq).toBe(3);
    });

    it('keeps the newest of several snapshots that are written at once', async () => {
      const board = await newBoard();
      await store.append(Array.from({ length: 9 }, () => update(board, 'a')));
      const put = (seq: number) =>
        store.putSnapshot(board.board, board.epoch, { seq, bytes: Uint8Array.of(seq) });
      await Promise.all([3, 9, 1, 8, 2, 7].map(put));
      const snapshot = (await store.load(board.board))?.snapshot;
      expect([snapshot?.seq, snapshot?.bytes[0]]).toEqual([9, 9]);
    });

    it('refuses a snapshot of another epoch, of an unknown board, or beyond the head', async () => {
      const board = await newBoard();
      await store.append([update(board, 'a')]);
      const snapshot = { seq: 1, bytes: Uint8Array.of(1) };
      expect(await store.putSnapshot(board.board, randomUUID(), snapshot)).toBe(false);
      expect(await store.putSnapshot('acme/missing', board.epoch, snapshot)).toBe(false);
      expect(await store.putSnapshot(board.board, board.epoch, { ...snapshot, seq: 2 })).toBe(
        false,
      );
      expect((await store.load(board.board))?.snapshot).toBeUndefined();
    });

    it('lists all boards page by page, ordered by their bytes', async () => {
      const ids = ['zz/b', 'zz/B', 'zz/a.b', 'zz/a/b', 'zz/~', 'zz/_', 'zz/10', 'zz/9'];
      for (const id of ids) await store.open(id, { create: true });
      const listed: string[] = [];
      for (let after = 'zz/'; ; ) {
        const page = await store.list(after, 3);
        expect(page.length).toBeLessThanOrEqual(3);
        listed.push(...page);
        const last = page.at(-1);
        if (last === undefined) break;
        after = last;
      }
      expect(listed).toEqual(
        ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
    });

    it('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });
}
