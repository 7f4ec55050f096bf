/** An update to append: `bytes` is a Yjs update, V1 encoding. */
export interface NewUpdate {
  board: string;
  epoch: string;
  actor: string;
  bytes: Uint8Array;
}

/** The seqs that one append gave to the updates of a board, both inclusive. */
export interface Appended {
  board: string;
  firstSeq: number;
  lastSeq: number;
}

export interface BoardHead {
  board: string;
  epoch: string;
  head: number;
}

/** A stretch of a board's log, and the head it was read under. */
export interface LogTail extends BoardHead {
  updates: StoredUpdate[];
}

export interface StoredUpdate {
  seq: number;
  actor: string;
  createdAt: Date;
  bytes: Uint8Array;
}

/** A board's whole state at `seq`: a Yjs state, V2 encoding. */
export interface Snapshot {
  seq: number;
  bytes: Uint8Array;
}

/** All it takes to rebuild a board: the newest snapshot and the updates after it, in order. */
export interface StoredBoard extends LogTail {
  snapshot: Snapshot | undefined;
}

/** The log of boards. Every implementation passes `board-store.contract.ts`. */
export interface BoardStore {
  /** The board's head; makes the board when it is missing and `create` is set, else `undefined`. */
  open(board: string, options: { create: boolean }): Promise<BoardHead | undefined>;

  /** The board as of one consistent moment, or `undefined`. `ignoreSnapshot` reads the whole log instead. */
  load(board: string, options?: { ignoreSnapshot?: boolean }): Promise<StoredBoard | undefined>;

  /** The board's log after seq `after` up to its head, as of one consistent moment, or `undefined`. */
  loadTail(board: string, after: number): Promise<LogTail | undefined>;

  /** Of the boards given with what is known of them, those whose head or epoch is another one. */
  findChanged(known: readonly BoardHead[]): Promise<BoardHead[]>;

  /**
   * Writes the updates in one transaction; a board's updates keep their order and get the next seqs.
   * A board missing from the result does not exist or has another epoch: nothing of it was written.
   */
  append(updates: readonly NewUpdate[]): Promise<Appended[]>;

  /**
   * Replaces the board's snapshot if this one is newer, and answers whether it did: not when an equal
   * or newer one is there, the epoch differs, or `seq` lies beyond the head.
   */
  putSnapshot(board: string, epoch: string, snapshot: Snapshot): Promise<boolean>;

  /** Up to `limit` board ids after `after` (exclusive; '' starts), ordered by their bytes. */
  list(after: string, limit: number): Promise<string[]>;

  /** Throws when the store cannot be reached now. */
  ping(): Promise<void>;

  /** Idempotent. */
  close(): Promise<void>;
}
