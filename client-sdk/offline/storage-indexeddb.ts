import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import type { AsideEdits, LocalStore } from '../src/local-copy.ts';
import { localStore } from './local-store.ts';
import type { BoardStorage, CopyChange, StorageBackend, StoredRow } from './storage.ts';
import { appended } from './storage-memory.ts';

interface Schema extends DBSchema {
  copies: { key: string; value: { readonly lineage: string | undefined } };
  bases: { key: string; value: Uint8Array };
  rows: { key: [board: string, key: string]; value: StoredRow };
  aside: { key: [board: string, id: string]; value: AsideEdits };
}

type Database = IDBPDatabase<Schema>;

const storeNames = ['copies', 'bases', 'rows', 'aside'] as const;
const version = 1;

/** What `indexedDbStore` takes. */
export interface IndexedDbOptions {
  /** Whose boards these are: one database a name, so that users of one browser keep theirs apart. */
  readonly name: string;
  /** How long opening may take, in milliseconds; some private modes never answer. Default 5,000. */
  readonly openTimeoutMs?: number;
  /**
   * When a write counts as done. `relaxed`, the default: it is with the operating system and survives
   * the end of page and browser. `strict`: it is on the disk and survives a power cut.
   */
  readonly durability?: 'relaxed' | 'strict';
}

/** A store in this browser's IndexedDB, shared by all its tabs. Nothing is opened before the first board is. */
export function indexedDbStore(options: IndexedDbOptions): LocalStore {
  return localStore(indexedDbBackend(options));
}

export function indexedDbBackend({
  name,
  openTimeoutMs = 5000,
  durability = 'relaxed',
}: IndexedDbOptions): StorageBackend {
  const losers = new Set<(reason: Error) => void>();
  let opening: Promise<Database> | undefined;
  const lost = (reason: string): void => {
    const told = [...losers];
    losers.clear();
    opening = undefined;
    for (const tell of told) tell(new Error(`IndexedDB ${name}: ${reason}`));
  };
  return {
    persistent: true,
    channel: `tessera:${name}`,
    async open(board, tellLost) {
      opening ??= openDatabase(name, openTimeoutMs, lost);
      let db: Database;
      try {
        db = await opening;
      } catch (error) {
        // The next board tries again: what held it up may be gone.
        opening = undefined;
        throw error;
      }
      losers.add(tellLost);
      return new IndexedDbStorage(db, board, durability, () => losers.delete(tellLost));
    },
    async close() {
      losers.clear();
      const open = opening;
      opening = undefined;
      // One that could not be opened is closed already, and its boards were told.
      await open?.then(
        (db) => db.close(),
        () => undefined,
      );
    },
  };
}

class IndexedDbStorage implements BoardStorage {
  readonly #db: Database;
  readonly #board: string;
  readonly #options: { durability: 'relaxed' | 'strict' };
  readonly #closed: () => void;

  constructor(db: Database, board: string, durability: 'relaxed' | 'strict', closed: () => void) {
    this.#db = db;
    this.#board = board;
    this.#options = { durability };
    this.#closed = closed;
  }

  async read() {
    const tx = this.#db.transaction(storeNames, 'readonly');
    const [copy] = await Promise.all([readCopy(tx, this.#board, true), tx.done]);
    return copy;
  }

  async append(rows: readonly StoredRow[], lineage: string | undefined): Promise<void> {
    const tx = this.#db.transaction(['copies', 'rows'], 'readwrite', this.#options);
    const copies = tx.objectStore('copies');
    const copy = { lineage: (await copies.get(this.#board))?.lineage };
    const change = appended(copy, rows, lineage);
    const writes: Promise<unknown>[] = rows.map((row) =>
      tx.objectStore('rows').put(row, [this.#board, row.key]),
    );
    if (typeof change.lineage === 'string') {
      writes.push(copies.put({ lineage: change.lineage }, this.#board));
    }
    await Promise.all([...writes, tx.done]);
  }

  async change(
    decide: Parameters<BoardStorage['change']>[0],
    { withBase }: { readonly withBase: boolean },
  ): Promise<void> {
    const tx = this.#db.transaction(storeNames, 'readwrite', this.#options);
    const change = decide(await readCopy(tx, this.#board, withBase));
    const writes = change === undefined ? [] : write(tx, this.#board, change);
    await Promise.all([...writes, tx.done]);
  }

  async close(): Promise<void> {
    this.#closed();
  }
}

type Writing = IDBPTransaction<Schema, typeof storeNames, 'readwrite'>;
type Reading = Writing | IDBPTransaction<Schema, typeof storeNames, 'readonly'>;

async function readCopy(tx: Reading, board: string, withBase: boolean) {
  const all = IDBKeyRange.bound([board], [board, []]);
  const [copy, base, rows, aside] = await Promise.all([
    tx.objectStore('copies').get(board),
    withBase ? tx.objectStore('bases').get(board) : undefined,
    tx.objectStore('rows').getAll(all),
    tx.objectStore('aside').getAll(all),
  ]);
  return { lineage: copy?.lineage, base, rows, aside };
}

function write(tx: Writing, board: string, change: CopyChange): Promise<unknown>[] {
  const [copies, bases] = [tx.objectStore('copies'), tx.objectStore('bases')];
  const [rows, aside] = [tx.objectStore('rows'), tx.objectStore('aside')];
  const { lineage, base } = change;
  const writes: Promise<unknown>[] = [];
  if (lineage === null) writes.push(copies.delete(board));
  else if (lineage !== undefined) writes.push(copies.put({ lineage }, board));
  if (base === null) writes.push(bases.delete(board));
  else if (base !== undefined) writes.push(bases.put(base, board));
  for (const key of change.remove ?? []) writes.push(rows.delete([board, key]));
  for (const row of change.put ?? []) writes.push(rows.put(row, [board, row.key]));
  for (const id of change.removeAside ?? []) writes.push(aside.delete([board, id]));
  for (const one of change.putAside ?? []) writes.push(aside.put(one, [board, one.id]));
  return writes;
}

/** @throws an Error if the browser keeps nothing, does not answer, or another tab is in the way */
async function openDatabase(
  name: string,
  timeoutMs: number,
  lost: (reason: string) => void,
): Promise<Database> {
  if (typeof indexedDB === 'undefined') throw new Error('there is no IndexedDB here');
  let giveUp: (error: Error) => void = () => undefined;
  const gaveUp = new Promise<never>((_resolve, reject) => {
    giveUp = (error) => reject(error);
  });
  const timer = setTimeout(
    () => giveUp(new Error(`IndexedDB did not answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  const opening = openDB<Schema>(`tessera:${name}`, version, {
    upgrade: (db) => {
      for (const store of storeNames) db.createObjectStore(store);
    },
    blocked: () =>
      giveUp(new Error('a tab with an older version of this page is in the way: close it')),
    blocking: (_current, _blocked, event) => {
      (event.target as IDBDatabase).close();
      lost('a newer version of this page, or somebody deleting the data, needs it: reload');
    },
    terminated: () => lost('the browser closed it'),
  });
  try {
    return await Promise.race([opening, gaveUp]);
  } catch (error) {
    // Should it open after all, it must not be in anybody's way.
    opening.then(
      (db) => db.close(),
      () => undefined,
    );
    throw new Error(`IndexedDB ${name} cannot be opened: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
