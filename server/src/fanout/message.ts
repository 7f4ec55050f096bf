/** Committed updates of a board. */
export interface UpdatesMessage {
  readonly type: 'updates';
  readonly board: string;
  readonly epoch: string;
  /** The seqs these updates have in the log, both inclusive. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Yjs updates, V1, one for each seq; undefined when they are too large for the wire: the log has them. */
  readonly updates: readonly Uint8Array[] | undefined;
}

/** Who is present on a board by way of the sending node. */
interface PresenceMessage {
  readonly type: 'presence';
  readonly board: string;
  /** Whether `entries` are all there are, or just those that changed. */
  readonly whole: boolean;
  readonly entries: Uint8Array;
}

/** Asks the other nodes for a whole `presence` of the board. */
interface PresenceQueryMessage {
  readonly type: 'presence-query';
  readonly board: string;
}

/** Sent to all nodes once a second, and a last time, `leaving`, by a node that shuts down. */
interface AliveMessage {
  readonly type: 'alive';
  readonly leaving: boolean;
}

/** An order to every node that has the board loaded, or without a board to every node. */
export interface ControlMessage {
  readonly type: 'control';
  readonly board: string | undefined;
  /** What to do. A node that does not know the word ignores the message, so that newer nodes may say more. */
  readonly name: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** What nodes tell each other. */
export type FanoutMessage =
  | UpdatesMessage
  | PresenceMessage
  | PresenceQueryMessage
  | AliveMessage
  | ControlMessage;

/** The board whose subscribers a message is for; undefined: for every node. */
export function boardOf(message: FanoutMessage): string | undefined {
  return message.type === 'alive' ? undefined : message.board;
}
