import type { AsideEdits } from '../src/local-copy.ts';

/**
 * The local copy of one board, kept in records:
 *
 *   base ── what the server is known to have, one state without history
 *   rows ── updates since then; those with `unsaved` hold edits made in this browser that the
 *           server is not known to have committed
 *   aside ── edits that were unsaved when the board was reset, or that the server refused
 *
 * Base and rows together are the board as it was last seen. They belong to one lineage: an epoch of
 * the board, and the document in which this browser followed it (a new one after a refusal). What is
 * of different lineages is never mixed; a copy that has not met the server yet has none.
 */
export interface StoredCopy {
  readonly lineage: string | undefined;
  /** A Yjs state in V2, which is far smaller than V1 for values that are set again and again. */
  readonly base: Uint8Array | undefined;
  readonly rows: readonly StoredRow[];
  readonly aside: readonly AsideEdits[];
}

/** An update since the base, one or several merged. */
export interface StoredRow {
  /** Unique in its copy. */
  readonly key: string;
  /** A Yjs update in V1, as documents announce it. */
  readonly update: Uint8Array;
  readonly unsaved?: UnsavedEdits;
}

/** For each writer the number of its newest edit: every edit of it up to there. */
export type EditsUpTo = Readonly<Record<string, number>>;

/** Edits in a row that the server is not known to have committed. */
export interface UnsavedEdits {
  readonly upTo: EditsUpTo;
  readonly count: number;
  /** When the oldest was made, in milliseconds since 1970. */
  readonly oldestAt: number;
}

/** What to write. What is not named stays; null takes away. */
export interface CopyChange {
  readonly lineage?: string | null;
  readonly base?: Uint8Array | null;
  readonly put?: readonly StoredRow[];
  readonly remove?: readonly string[];
  readonly putAside?: readonly AsideEdits[];
  readonly removeAside?: readonly string[];
}

/**
 * Keeps the copy of one board. Tabs of a browser write to the same copy at the same time, so each
 * call is one step that no other comes between, and it is done when it survives the end of the
 * program. A call that rejects changed nothing.
 */
export interface BoardStorage {
  /** All of it; an empty copy if nothing was written. */
  read(): Promise<StoredCopy>;
  /**
   * Adds rows to the copy of a lineage. A copy without one gets this one, and a writer without one
   * adds to any. @throws TesseraError `epoch-changed` if the copy is of another lineage
   */
  append(rows: readonly StoredRow[], lineage: string | undefined): Promise<void>;
  /**
   * Reads the copy and writes what `decide` makes of it; `decide` may not wait for anything. With
   * `withBase: false` the base is not read, and looks as if there were none: it may be megabytes.
   */
  change(
    decide: (copy: StoredCopy) => CopyChange | undefined,
    options: { readonly withBase: boolean },
  ): Promise<void>;
  /** Lets go of the copy, which stays where it is. */
  close(): Promise<void>;
}

/** A place for the copies of boards; `localStore` makes a store of it that a client takes. */
export interface StorageBackend {
  /** Whether what is stored outlives the program. */
  readonly persistent: boolean;
  /** The name of a BroadcastChannel over which the tabs that share this store tell each other; none if there are no tabs. */
  readonly channel?: string;
  /**
   * Opens the copy of a board, an empty one if there is none. `lost` is called if the store goes
   * away by itself afterwards. @throws an Error that says what is wrong with the store
   */
  open(board: string, lost: (reason: Error) => void): Promise<BoardStorage>;
  /** Lets go of all copies; what is stored stays. */
  close(): Promise<void>;
}
