import type { Document } from '@hocuspocus/server';
import { TesseraError } from '@tessera/model';
import {
  applyStoredBoard,
  type BoardStore,
  type Compactor,
  type StoredBoard,
  salvageBoard,
} from '@tessera/persistence';
import type { Logger } from 'pino';
import * as Y from 'yjs';
import type { ContentRules } from '../content/board-content.ts';
import { LiveBoard } from './live-board.ts';
import type { TellNodes } from './presence.ts';
import type { Quarantine } from './quarantine.ts';

export interface BoardLoaderOptions {
  store: Pick<BoardStore, 'load' | 'loadTail'>;
  quarantine: Quarantine;
  compactor: Pick<Compactor, 'loaded'>;
  counters: { logRead(): void };
  tellPresence(board: string, ...change: Parameters<TellNodes>): void;
  /** Of one board. */
  maxJoinsPerSecond: number;
  rules: ContentRules;
  log: Logger;
}

/** Fills a document with what the store has of a board. */
export class BoardLoader {
  readonly #options: BoardLoaderOptions;

  constructor(options: BoardLoaderOptions) {
    this.#options = options;
  }

  /**
   * Of a board in quarantine, what can be read.
   * @throws TesseraError `no-such-board`; `board-unavailable` when its content cannot be read, with the
   * board marked
   */
  async load(document: Document): Promise<LiveBoard> {
    const { store, quarantine, log } = this.#options;
    const id = document.name;
    const [stored, mark] = await Promise.all([store.load(id), quarantine.find(id)]);
    if (stored === undefined) throw new TesseraError('no-such-board', id);
    if (mark === undefined) {
      await this.#fill(document, stored);
      this.#sizeUp(stored);
    } else {
      // No snapshot may be made of it, so the compactor is not told.
      const { bytes, read, skipped } = salvageBoard(stored);
      log.warn({ board: id, read, skipped }, 'opened a board in quarantine');
      Y.applyUpdate(document, bytes);
      quarantine.opened(mark);
    }
    return new LiveBoard(document, stored, {
      readLog: (after) => {
        this.#options.counters.logRead();
        return store.loadTail(id, after);
      },
      tellNodes: (whole, entries) => this.#options.tellPresence(id, whole, entries),
      failed: (error) => log.error({ err: error, board: id }, 'a board failed'),
      joinsPerSecond: this.#options.maxJoinsPerSecond,
      rules: this.#options.rules,
    });
  }

  async #fill(document: Document, stored: StoredBoard): Promise<void> {
    try {
      applyStoredBoard(document, stored);
    } catch (cause) {
      const detail = `board ${stored.board}: ${(cause as Error).message}`;
      const known =
        cause instanceof TesseraError
          ? cause
          : new TesseraError('board-unavailable', detail, { cause });
      throw await this.#options.quarantine.mark(stored, known);
    }
  }

  #sizeUp({ board, snapshot, updates }: StoredBoard): void {
    this.#options.compactor.loaded(board, {
      snapshotBytes: snapshot?.bytes.byteLength ?? 0,
      rows: updates.length,
      bytes: updates.reduce((sum, update) => sum + update.bytes.byteLength, 0),
    });
  }
}
