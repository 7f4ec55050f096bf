import type * as Y from 'yjs';

/**
 * How the local copy of a board is kept.
 * - `loading`: it is being read.
 * - `ready`: what is edited survives the page; `reason` says if something was lost on the way.
 * - `off`: kept in memory only, as was asked for.
 * - `failed`: the store is gone; editing goes on in memory.
 */
export type StorageStatus =
  | { readonly state: 'loading' | 'off' }
  | { readonly state: 'ready'; readonly reason?: string }
  | { readonly state: 'failed'; readonly reason: string };

/** Edits that were made here and that the board does not have. */
export interface AsideEdits {
  readonly id: string;
  /** When they were set aside, in milliseconds since 1970. */
  readonly at: number;
  /** How many edits there were; of edits that were refused it is not known. */
  readonly count: number;
  /** Why the server refused them. Without, the board was reset. */
  readonly rejected?: string;
  /** What they were made on, a Yjs state in V2, as far as it is known. */
  readonly base: Uint8Array | undefined;
  /** What the edits did to the base, a Yjs update in V1. */
  readonly update: Uint8Array;
}

/** What a copy has to know about the document it is attached to. */
export interface Attachment {
  /** Whether an update with this origin came from the server. */
  readonly isFromServer: (origin: unknown) => boolean;
  /** The ledger's count of edits, which must be raised before the copy hears of an update. */
  readonly edits: () => number;
}

/**
 * What a board keeps of itself in this program: at least the edits that are not saved. It is
 * attached to one document after the other, and none of these calls rejects: `status` says.
 */
export interface LocalCopy {
  readonly status: StorageStatus;
  /** The epoch of the copy; undefined while it has not met the server. */
  readonly epoch: string | undefined;
  /**
   * Names the document that is followed, the same in all tabs that share the copy, and another one
   * after each `moveOn`; undefined if it is not shared.
   */
  readonly lineage: string | undefined;
  /** Edits held and not known to be committed; `oldestAt` in milliseconds since 1970. */
  readonly unsaved: { readonly count: number; readonly oldestAt: number } | undefined;
  /** The same array until it changes. */
  readonly aside: readonly AsideEdits[];
  /** Calls the listener when `status` or `aside` change. Returns the way to stop. */
  subscribe(listener: () => void): () => void;
  /** Calls the listener when another tab has left the document that both hold (see `moveOn`). */
  onLeft(listener: () => void): () => void;
  /**
   * Reads what is stored; from then on `epoch`, `unsaved` and `aside` are known. Resolves to the number
   * of unsaved edits among what the next `attach` puts into the document.
   */
  load(): Promise<number>;
  /**
   * Puts what was loaded into the document, with the copy as the origin, and keeps what happens to
   * the document from now on. Loaded edits that are unsaved must be in the ledger's count by now.
   */
  attach(doc: Y.Doc, attachment: Attachment): void;
  /** Whether an edit with this origin is the copy's own doing: read from the store, or made in another tab. */
  sourceOf(origin: unknown): 'store' | 'tab' | undefined;
  /** Every edit up to this count of the ledger is in the server's log. */
  saved(edits: number): void;
  /** The server told the board's epoch to a copy that had none. */
  setEpoch(epoch: string): void;
  /**
   * The board was reset: lets go of the document, sets unsaved edits aside and begins an empty copy
   * of the new epoch. Attach a fresh document next.
   */
  startAnew(epoch: string): void;
  /**
   * Leaves the document for a fresh one of the same epoch. `state` is all that the server has, a Yjs
   * state in V2. Attach the fresh one next, and make there again what was unsaved, in the same turn:
   * until that is stored, what was unsaved is.
   */
  moveOn(state: Uint8Array): void;
  /** Keeps edits that the server refused. */
  setAside(edits: AsideEdits): void;
  /** Forgets edits that were set aside. */
  forget(id: string): Promise<void>;
  /** Resolves when all edits made so far are stored: true if they survive the end of the program. */
  stored(): Promise<boolean>;
  /** Stores what is pending and lets go of the document. */
  close(): Promise<void>;
}

/** Where a client keeps its boards: `@tessera/client/offline` and `@tessera/client/node` have some. */
export interface LocalStore {
  /** The copy of a board. It is opened when it is loaded. */
  copyOf(board: string): LocalCopy;
  /** Closes the store when its boards are closed. */
  close(): Promise<void>;
}
