import { TesseraError } from '@tessera/model';
import type { BoardStorage, CopyChange, LocalStore, StoredCopy, StoredRow } from './storage.ts';

const nothing: StoredCopy = { epoch: undefined, base: undefined, rows: [], conflicts: [] };

/** A store that ends with the program: for tests, and for where nothing may be left behind. */
export function memoryStore(): LocalStore {
  const boards = new Map<string, MemoryStorage>();
  return {
    persistent: false,
    async open(board) {
      const storage = boards.get(board) ?? new MemoryStorage();
      boards.set(board, storage);
      return storage;
    },
    async close() {
      boards.clear();
    },
  };
}

/** The copy of one board in memory. `written` hears of each change before it is made, and may refuse it. */
export class MemoryStorage implements BoardStorage {
  readonly #written: (change: CopyChange, copy: StoredCopy) => Promise<void> | void;
  #copy: StoredCopy;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    copy: StoredCopy = nothing,
    written: (change: CopyChange, copy: StoredCopy) => Promise<void> | void = () => undefined,
  ) {
    this.#copy = copy;
    this.#written = written;
  }

  async read(): Promise<StoredCopy> {
    await this.#last;
    return this.#copy;
  }

  append(rows: readonly StoredRow[], epoch: string | undefined): Promise<void> {
    return this.change((copy) => appended(copy, rows, epoch));
  }

  change(decide: (copy: StoredCopy) => CopyChange | undefined): Promise<void> {
    const step = this.#last.then(async () => {
      const change = decide(this.#copy);
      if (change === undefined) return;
      const copy = changed(this.#copy, change);
      await this.#written(change, copy);
      this.#copy = copy;
    });
    // Whoever made a step hears of its failure; the next one starts from what was there before.
    this.#last = step.catch(() => undefined);
    return step;
  }

  async close(): Promise<void> {
    await this.#last;
  }
}

/** The change that adds rows. @throws TesseraError `epoch-changed` */
export function appended(
  copy: Pick<StoredCopy, 'epoch'>,
  rows: readonly StoredRow[],
  epoch: string | undefined,
): CopyChange {
  if (epoch === undefined || epoch === copy.epoch) return { put: rows };
  if (copy.epoch === undefined) return { put: rows, epoch };
  throw new TesseraError(
    'epoch-changed',
    `the stored copy is of epoch ${copy.epoch}, the edits are of ${epoch}: set them aside`,
  );
}

/** A copy after a change. */
export function changed(copy: StoredCopy, change: CopyChange): StoredCopy {
  return {
    epoch: change.epoch === undefined ? copy.epoch : (change.epoch ?? undefined),
    base: change.base === undefined ? copy.base : (change.base ?? undefined),
    rows: replaced(copy.rows, change.put, change.remove, ({ key }) => key),
    conflicts: replaced(
      copy.conflicts,
      change.putConflicts,
      change.removeConflicts,
      ({ id }) => id,
    ),
  };
}

function replaced<T>(
  items: readonly T[],
  put: readonly T[] = [],
  remove: readonly string[] = [],
  keyOf: (item: T) => string,
): readonly T[] {
  if (put.length === 0 && remove.length === 0) return items;
  const byKey = new Map(items.map((item) => [keyOf(item), item]));
  for (const key of remove) byKey.delete(key);
  for (const item of put) byKey.set(keyOf(item), item);
  return [...byKey.values()];
}
