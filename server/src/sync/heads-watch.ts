import type { BoardHead, BoardStore } from '@tessera/persistence';

export interface HeadsWatchOptions {
  store: Pick<BoardStore, 'findChanged'>;
  /** The loaded boards, with what is known of them. */
  loaded(): Iterable<BoardHead>;
  /** The board's head or epoch in the store is another one. */
  changed(board: BoardHead, known: BoardHead): void;
  /** A look failed; the next pulse tries again. */
  failed(error: unknown): void;
}

/** Boards in one query. */
const PAGE = 10_000;
/** How many times as long as a look takes the next one is away. */
const PAUSE_RATIO = 4;

/** Compares the heads of all loaded boards with the store. It has no clock of its own: `pulse` is its time. */
export class HeadsWatch {
  readonly #options: HeadsWatchOptions;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;
  #looking: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: HeadsWatchOptions) {
    this.#options = options;
  }

  /** Looks if the last look is `everyMs` ago. Looks that take long leave the store alone for longer. */
  pulse(now: number, everyMs: number): void {
    const pauseMs = Math.max(everyMs, PAUSE_RATIO * this.#tookMs);
    if (this.#looking !== undefined || now - this.#lookedAt < pauseMs) return;
    this.#lookedAt = now;
    this.look();
  }

  /** Looks now, and once more if a look is under way: it may have read before what this is about. */
  look(): void {
    if (this.#closed) return;
    if (this.#looking !== undefined) {
      this.#again = true;
      return;
    }
    this.#looking = this.#look()
      .catch((error: unknown) => {
        this.#lookedAt = Number.NEGATIVE_INFINITY;
        this.#options.failed(error);
      })
      .finally(() => {
        this.#looking = undefined;
        const again = this.#again;
        this.#again = false;
        if (again) this.look();
      });
  }

  /** Resolves when no look is under way any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
  }

  async #look(): Promise<void> {
    const startedAt = performance.now();
    // Before the query, so that what it finds is never older than what we knew.
    const heads = [...this.#options.loaded()];
    for (let start = 0; start < heads.length && !this.#closed; start += PAGE) {
      const page = heads.slice(start, start + PAGE);
      const known = new Map(page.map((head) => [head.board, head]));
      for (const head of await this.#options.store.findChanged(page)) {
        this.#options.changed(head, known.get(head.board) ?? head);
      }
    }
    this.#tookMs = performance.now() - startedAt;
  }
}
