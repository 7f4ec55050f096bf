import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { localStore } from '../offline/local-store.ts';
import type { BoardStorage, StorageBackend, StoredCopy } from '../offline/storage.ts';
import { MemoryStorage } from '../offline/storage-memory.ts';
import type { LocalStore } from '../src/local-copy.ts';
import { lockFolder } from './folder-lock.ts';
import { encodeRecord, readRecords } from './storage-file-records.ts';

/** A log of changes shorter than this is not worth writing the file anew. */
const rewriteAtBytes = 256 * 1024;

/** What `fileStore` takes. */
export interface FileStoreOptions {
  /** Where the files go; made if it is not there. One program at a time uses it. */
  readonly folder: string;
}

/**
 * A store in a folder, for bots and other programs in Node: a file a board. Nothing is touched
 * before the first board is opened.
 */
export function fileStore(options: FileStoreOptions): LocalStore {
  return localStore(fileBackend(options));
}

export function fileBackend({ folder }: FileStoreOptions): StorageBackend {
  const boards = new Map<string, Promise<FileBoard>>();
  let locking: Promise<() => Promise<void>> | undefined;
  return {
    persistent: true,
    async open(board) {
      locking ??= lockFolder(folder);
      try {
        await locking;
      } catch (error) {
        // The next board tries again: who had the folder may be gone.
        locking = undefined;
        throw error;
      }
      const path = join(folder, fileName(board));
      const opening = boards.get(board) ?? FileBoard.open(path);
      boards.set(board, opening);
      try {
        return (await opening).use(() => boards.delete(board));
      } catch (error) {
        boards.delete(board);
        throw error;
      }
    },
    async close() {
      const open = await Promise.allSettled(boards.values());
      boards.clear();
      for (const board of open) if (board.status === 'fulfilled') await board.value.close();
      const unlock = await locking;
      locking = undefined;
      await unlock?.();
    },
  };
}

/** The name tells a person which board it is; the hash keeps `a/b`, `A/b` and `..` apart on any disk. */
function fileName(board: string): string {
  const hash = createHash('sha256').update(board).digest('hex').slice(0, 16);
  return `${board.replaceAll(/[^A-Za-z0-9-]/g, '_').slice(0, 60)}-${hash}.board`;
}

/**
 * The file of one board: its copy as one record, then the changes made to it since. A change is
 * done when it is on the disk. When the changes outweigh the copy a new file takes the place of
 * the old one, whole.
 */
class FileBoard {
  readonly #path: string;
  readonly #storage: MemoryStorage;
  #file: FileHandle;
  #users = 0;
  #bytes: number;
  #copyBytes = 0;

  private constructor(path: string, file: FileHandle, copy: StoredCopy, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
    this.#storage = new MemoryStorage(copy, (change, after) => {
      const isMuch = this.#bytes > Math.max(rewriteAtBytes, 2 * this.#copyBytes);
      return change.base !== undefined || isMuch ? this.#rewrite(after) : this.#append(change);
    });
  }

  static async open(path: string): Promise<FileBoard> {
    // What a crash left of a new file that never took the place of the old one.
    await rm(`${path}.new`, { force: true });
    const file = await open(path, 'a+');
    try {
      const bytes = await readFile(file);
      const { copy, end, isDamaged } = readRecords(bytes);
      if (isDamaged) await writeFile(`${path}.damaged`, bytes);
      await file.truncate(end);
      if (!isDamaged) return new FileBoard(path, file, copy, end);
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    throw new Error(
      `${path} is damaged: it was kept as ${path}.damaged, and what can be read of it is used from the next start on`,
    );
  }

  /** The storage for one more user; the file is closed with the last. */
  use(closed: () => void): BoardStorage {
    this.#users += 1;
    let isOpen = true;
    const storage = this.#storage;
    return {
      read: () => storage.read(),
      append: (rows, lineage) => storage.append(rows, lineage),
      change: (decide) => storage.change(decide),
      close: async () => {
        if (!isOpen) return;
        isOpen = false;
        this.#users -= 1;
        if (this.#users > 0) return;
        closed();
        await this.close();
      },
    };
  }

  async close(): Promise<void> {
    await this.#storage.close();
    await this.#file.close();
  }

  async #append(change: object): Promise<void> {
    const record = encodeRecord(change);
    try {
      await this.#file.appendFile(record);
      await this.#file.datasync();
    } catch (error) {
      // Half a record in the middle would hide all that follow.
      await this.#file.truncate(this.#bytes);
      throw error;
    }
    this.#bytes += record.length;
  }

  async #rewrite({ lineage, base, rows, aside }: StoredCopy): Promise<void> {
    const record = encodeRecord({ lineage, base, put: rows, putAside: aside });
    const file = await open(`${this.#path}.new`, 'ax');
    try {
      await file.appendFile(record);
      await file.sync();
      await rename(`${this.#path}.new`, this.#path);
    } catch (error) {
      await file.close();
      await rm(`${this.#path}.new`, { force: true });
      throw error;
    }
    await this.#file.close();
    this.#file = file;
    this.#bytes = record.length;
    this.#copyBytes = record.length;
  }
}
