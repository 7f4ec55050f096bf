import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BoardHead, BoardStore } from './board-store.ts';
import type { QuarantineStore } from './quarantine-store.ts';

export interface OpenStores {
  boards: BoardStore;
  quarantine: QuarantineStore;
}

/** What every list of quarantined boards does. */
export function describeQuarantineStore(name: string, open: () => Promise<OpenStores>): void {
  describe(name, () => {
    let boards: BoardStore;
    let quarantine: QuarantineStore;

    beforeAll(async () => {
      ({ boards, quarantine } = await open());
    }, 60_000);

    const newBoard = async (id: string): Promise<BoardHead> => {
      const head = await boards.open(id, { create: true });
      if (head === undefined) throw new Error('the store did not make a board');
      return head;
    };

    it('finds a mark with its reason and its time, and none on other boards', async () => {
      const { board, epoch } = await newBoard('acme/marked');
      await newBoard('acme/other');
      expect(await quarantine.find(board)).toBeUndefined();
      const before = Date.now() - 60_000;
      const mark = await quarantine.add({ board, epoch, reason: 'seq 3 is "corrupt" — ß' });
      expect(mark).toEqual({
        board,
        epoch,
        reason: 'seq 3 is "corrupt" — ß',
        since: expect.any(Date),
      });
      expect(mark?.since.getTime()).toBeGreaterThan(before);
      expect(await quarantine.find(board)).toEqual(mark);
      expect(await quarantine.find('acme/other')).toBeUndefined();
    });

    it('keeps the first mark, however many nodes make one at the same time', async () => {
      const { board, epoch } = await newBoard('acme/often');
      const first = await quarantine.add({ board, epoch, reason: 'first' });
      const later = await Promise.all(
        ['second', 'third'].map((reason) => quarantine.add({ board, epoch, reason })),
      );
      expect(later).toEqual([first, first]);
    });

    it('marks neither a board of another epoch nor one that is not there', async () => {
      const { board, epoch } = await newBoard('acme/reset');
      expect(await quarantine.add({ board, epoch: randomUUID(), reason: 'x' })).toBeUndefined();
      expect(await quarantine.add({ board: 'acme/no', epoch, reason: 'x' })).toBeUndefined();
      expect(await quarantine.find('acme/no')).toBeUndefined();
    });

    it('lists marks in the order of the boards', async () => {
      for (const id of ['list/b', 'list/a', 'list/C']) {
        await quarantine.add({ ...(await newBoard(id)), reason: id });
      }
      const listed = (await quarantine.list()).filter(({ board }) => board.startsWith('list/'));
      expect(listed.map(({ board, reason }) => [board, reason])).toEqual([
        ['list/C', 'list/C'],
        ['list/a', 'list/a'],
        ['list/b', 'list/b'],
      ]);
    });

    it('releases a mark once, and not the one of another epoch', async () => {
      const { board, epoch } = await newBoard('acme/released');
      await quarantine.add({ board, epoch, reason: 'x' });
      expect(await quarantine.release({ board, epoch: randomUUID() })).toBe(false);
      expect(await quarantine.find(board)).toBeDefined();
      expect(await quarantine.release({ board, epoch })).toBe(true);
      expect(await quarantine.find(board)).toBeUndefined();
      expect(await quarantine.release({ board, epoch })).toBe(false);
    });
  });
}
