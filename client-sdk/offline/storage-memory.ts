import { TesseraError } from '@tessera/model';
import type { BoardStorage, CopyChange, StorageBackend, StoredCopy, StoredRow } from './storage.ts';

const nothing: StoredCopy = { lineage: undefined, base: undefined, rows: [], aside: [] };

export function memoryBackend(): StorageBackend {
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

  append(rows: readonly StoredRow[], lineage: string | undefined): Promise<void> {
    return this.change((copy) => appended(copy, rows, lineage));
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
  copy: Pick<StoredCopy, 'lineage'>,
  rows: readonly StoredRow[],
  lineage: string | undefined,
): CopyChange {
  if (lineage === undefined || lineage === copy.lineage) return { put: rows };
  if (copy.lineage === undefined) return { put: rows, lineage };
  throw new TesseraError(
    'epoch-changed',
    `the stored copy is of lineage ${copy.lineage}, the edits are of ${lineage}: set them aside`,
  );
}

/** A copy after a change. */
export function changed(copy: StoredCopy, change: CopyChange): StoredCopy {
  return {
    lineage: change.lineage === undefined ? copy.lineage : (change.lineage ?? undefined),
    base: change.base === undefined ? copy.base : (change.base ?? undefined),
    rows: replaced(copy.rows, change.put, change.remove, ({ key }) => key),
    aside: replaced(copy.aside, change.putAside, change.removeAside, ({ id }) => id),
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
