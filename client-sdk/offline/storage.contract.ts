import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AsideEdits } from '../src/local-copy.ts';
import type { BoardStorage, StorageBackend, StoredRow } from './storage.ts';

/** What every store promises. `open` makes a new one, or opens what the last one of that name left. */
export function describeStorageBackend(
  name: string,
  open: (name: string) => Promise<StorageBackend>,
): void {
  describe(name, () => {
    let stores = 0;
    let store: StorageBackend;
    let here: BoardStorage;

    beforeEach(async () => {
      stores += 1;
      store = await open(`store-${stores}`);
      here = await storage();
    });
    afterEach(() => store.close());

    const storage = (board = 'acme/x') =>
      store.open(board, (reason) => {
        throw reason;
      });
    const row = (key: string, isUnsaved = false): StoredRow => ({
      key,
      update: new TextEncoder().encode(`update ${key}`),
      ...(isUnsaved && { unsaved: { upTo: { ann: 1 }, count: 1, oldestAt: 1000 } }),
    });
    const conflict: AsideEdits = {
      id: 'c',
      at: 2000,
      base: new Uint8Array([1]),
      update: new Uint8Array([2]),
      count: 3,
    };
    const empty = { lineage: undefined, base: undefined, rows: [], aside: [] };

    test('has an empty copy of a board it does not know', async () => {
      expect(await here.read()).toEqual(empty);
    });

    test('keeps what was appended, for the board it was appended to', async () => {
      await here.append([row('a'), row('b', true)], undefined);
      await here.append([row('c')], 'e1');
      const copy = await here.read();
      expect(copy).toEqual({ ...empty, lineage: 'e1', rows: [row('a'), row('b', true), row('c')] });
      expect(await (await storage('acme/x/y')).read()).toEqual(empty);
    });

    test('refuses rows of another lineage, and takes those that met none yet', async () => {
      await here.append([row('a')], 'e1');
      await expect(here.append([row('b')], 'e2')).rejects.toMatchObject({ code: 'epoch-changed' });
      await here.append([row('c')], undefined);
      const { lineage, rows } = await here.read();
      expect([lineage, rows.map(({ key }) => key)]).toEqual(['e1', ['a', 'c']]);
    });

    test('changes everything at once, from what is there', async () => {
      await here.append([row('a'), row('b')], 'e1');
      const base = new Uint8Array([7, 8]);
      await here.change(
        ({ lineage, rows }) => {
          expect([lineage, rows.length]).toEqual(['e1', 2]);
          return { base, remove: ['a'], put: [row('b', true)], putAside: [conflict] };
        },
        { withBase: true },
      );
      const copy = { lineage: 'e1', base, rows: [row('b', true)], aside: [conflict] };
      expect(await here.read()).toEqual(copy);
      await here.change(() => undefined, { withBase: true });
      expect(await here.read()).toEqual(copy);
      await here.change(() => ({ lineage: null, base: null, remove: ['b'], removeAside: ['c'] }), {
        withBase: false,
      });
      expect(await here.read()).toEqual(empty);
    });

    test('loses nothing when two write at the same time', async () => {
      const there = await storage();
      const count = { withBase: false };
      const append = (to: BoardStorage, key: string) => to.append([row(key)], 'e1');
      const merge = (to: BoardStorage) =>
        to.change(
          ({ rows }) => ({
            remove: rows.map(({ key }) => key),
            put: [{ key: 'sum', update: new Uint8Array([rows.reduce(add, 0)]) }],
          }),
          count,
        );
      const add = (sum: number, { key, update }: StoredRow) =>
        sum + (key === 'sum' ? (update[0] ?? 0) : 1);
      const all: Promise<void>[] = [];
      for (let i = 0; i < 20; i += 1) {
        all.push(append(here, `h${i}`), append(there, `t${i}`), merge(i % 2 ? here : there));
      }
      await Promise.all(all);
      await merge(here);
      expect((await there.read()).rows).toEqual([{ key: 'sum', update: new Uint8Array([40]) }]);
    });

    test('is unchanged by a change that fails', async () => {
      await here.append([row('a')], 'e1');
      const failing = here.change(
        () => {
          throw new Error('no');
        },
        { withBase: true },
      );
      await expect(failing).rejects.toThrow('no');
      await here.append([row('b')], 'e1');
      expect((await here.read()).rows).toEqual([row('a'), row('b')]);
    });

    test('closes one user of a board and not the other', async () => {
      const there = await storage();
      await here.close();
      await here.close();
      await there.append([row('a')], 'e1');
      expect((await there.read()).rows).toEqual([row('a')]);
    });

    test('has everything again when it was closed and opened, if it is persistent', async () => {
      if (!store.persistent) return;
      await here.append([row('a', true)], 'e1');
      await here.change(() => ({ base: new Uint8Array([1]), putAside: [conflict] }), {
        withBase: true,
      });
      await here.append([row('b')], 'e1');
      const before = await here.read();
      expect(before.rows.length).toBe(2);
      await store.close();
      await store.close();
      store = await open(`store-${stores}`);
      expect(await (await storage()).read()).toEqual(before);
    });
  });
}
