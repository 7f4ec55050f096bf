import * as Y from 'yjs';
import { describeStorageBackend } from '../../../client-sdk/offline/storage.contract.ts';
import {
  type IndexedDbOptions,
  indexedDbBackend,
} from '../../../client-sdk/offline/storage-indexeddb.ts';
import { TestPage } from '../../../client-sdk/offline/test-page.ts';
import type { StorageStatus } from '../../../client-sdk/src/local-copy.ts';
import { type Result, runTests } from './vitest-in-page.ts';

/** The copy that is open; one at a time. */
let opened: TestPage | undefined;

function current(): TestPage {
  if (opened === undefined) throw new Error('nothing is open on this page');
  return opened;
}

/** What the tests ask of the page. */
const storagePage = {
  async open(options: IndexedDbOptions): Promise<void> {
    opened = await TestPage.open(indexedDbBackend(options));
  },

  /** Edits, and resolves when the edit is stored. */
  async edit(key: string, value: unknown): Promise<boolean> {
    current().set(key, value);
    return current().copy.stored();
  },

  look(): { content: unknown; status: StorageStatus; unsaved: number } {
    const { content, copy } = current();
    return { content, status: copy.status, unsaved: copy.unsaved?.count ?? 0 };
  },

  async runContract(): Promise<Result[]> {
    describeStorageBackend('IndexedDB', async (name) => indexedDbBackend({ name }));
    return runTests();
  },

  /** Opens, edits, saves and closes so often, and says how many bytes of values are then there. */
  async cycles(name: string, count: number, withEdits: boolean): Promise<number> {
    const remote = new Y.Doc();
    let store = indexedDbBackend({ name });
    for (let i = 0; i < count; i += 1) {
      // Opening a database takes longer than all the rest.
      if (i % 20 === 19) {
        await store.close();
        store = indexedDbBackend({ name });
      }
      const page = await TestPage.open(store);
      page.copy.setEpoch('e1');
      if (withEdits) page.set('a', `value ${i}`);
      page.sync(remote);
      await page.close();
    }
    await store.close();
    return storedBytes(`tessera:${name}`);
  },

  /** Milliseconds that one write takes, on the average. */
  async writeMs(durability: 'strict' | 'relaxed', count: number): Promise<number> {
    const store = indexedDbBackend({ name: durability, durability });
    const storage = await store.open('acme/x', () => undefined);
    const update = new Uint8Array(60);
    const begin = performance.now();
    for (let i = 0; i < count; i += 1) await storage.append([{ key: `${i}`, update }], 'e1');
    const each = (performance.now() - begin) / count;
    await store.close();
    return each;
  },
};

/** Bytes of the updates in a database. */
async function storedBytes(name: string): Promise<number> {
  const db = await request(indexedDB.open(name));
  const tx = db.transaction(['bases', 'rows']);
  const [bases, rows] = await Promise.all([
    request<Uint8Array[]>(tx.objectStore('bases').getAll()),
    request<{ update: Uint8Array }[]>(tx.objectStore('rows').getAll()),
  ]);
  db.close();
  return [...bases, ...rows.map(({ update }) => update)].reduce((sum, one) => sum + one.length, 0);
}

function request<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

declare global {
  var storage: typeof storagePage;
}
globalThis.storage = storagePage;
