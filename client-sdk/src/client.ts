import { isFinal, parseBoardId } from '@tessera/model';
import type { Board } from './board.ts';
import { BoardSocket } from './board-socket.ts';
import type { HistoryOptions } from './history.ts';
import type { LocalStore } from './local-copy.ts';
import { OpenBoard } from './open-board.ts';
import type { PresenceFields, PresenceOptions } from './presence.ts';
import { readRefusal } from './refusal.ts';

/** How to reach a server, and what to keep here. */
export interface ClientOptions {
  /** The sync endpoint of the server: `wss://example.org/sync`. */
  readonly url: string;
  /**
   * The token, or where to get one for a board: asked each time one is opened on a connection, and when the
   * server asks for a newer one.
   */
  readonly token: string | ((board: string) => string | Promise<string>);
  /**
   * Where boards are kept, so that they can be read and edited without a network: a store of
   * `@tessera/client/offline` or `@tessera/client/node`. Default: nowhere, edits are in memory only.
   */
  readonly store?: LocalStore;
  /** For the undo and redo of every board. */
  readonly history?: HistoryOptions;
  /** Has the browser ask before the page is left while edits are not saved. Default false. */
  readonly warnBeforeLeaving?: boolean;
}

/** How a board is opened. */
export interface BoardOptions<Fields extends PresenceFields = PresenceFields> {
  /** What this tab shows of itself on the board, and when it counts as idle. */
  readonly presence?: PresenceOptions<Fields>;
}

/** One connection, and the boards that are open on it. */
export interface Client {
  /**
   * Opens a board; the same one while it is open, with the options of the first call.
   * @throws TesseraError `malformed` if the id is no board id
   */
  board<Fields extends PresenceFields = PresenceFields>(
    id: string,
    options?: BoardOptions<Fields>,
  ): Board<Fields>;
  /**
   * Leaves the server, and stays away until `connect` is called: boards are `offline`, and edits go on here
   * as without a network. A client that loses its network comes back by itself.
   */
  disconnect(): void;
  /** Comes back after `disconnect`. */
  connect(): void;
  /** Closes all boards and the connection. Resolves when their local copies are written; the store stays open. */
  close(): Promise<void>;
}

/** A client of a Tessera server, in browsers and in Node. It connects when the first board is opened. */
export function createClient(options: ClientOptions): Client {
  const { url, token, store, history, warnBeforeLeaving = false } = options;
  const boards = new Map<string, OpenBoard>();
  const socket = new BoardSocket({ url, autoConnect: false });
  let closed = false;
  /** Told to, before the old connection was closed. */
  let comesBack = false;

  socket.on('close', ({ event }: { event: { code: number; reason: string } }) => {
    if (isFinal(event.code)) {
      const refusal = readRefusal(event.reason, event.code);
      for (const board of boards.values()) board.refused(refusal);
    }
    // After a final code the provider would connect again for ever.
    const open = [...boards.values()].some(({ status }) => status.stopped === undefined);
    if (!open) socket.disconnect();
    else if (comesBack) comeBack();
  });

  const comeBack = () => {
    comesBack = false;
    socket.isAway = false;
    if (boards.size > 0) void socket.connect();
  };

  const leaving = (event: Event) => {
    if ([...boards.values()].some(({ status }) => status.unsaved > 0)) event.preventDefault();
  };
  if (warnBeforeLeaving) globalThis.addEventListener?.('beforeunload', leaving);

  return {
    board<Fields extends PresenceFields>(id: string, { presence }: BoardOptions<Fields> = {}) {
      if (closed) throw new Error('this client is closed: make a new one');
      const open = boards.get(parseBoardId(id));
      // What the fields are is between the caller and the other clients: nothing here depends on it.
      if (open !== undefined) return open as Board as Board<Fields>;
      const forget = () => boards.delete(id);
      const board = new OpenBoard({ id, socket, token, store, history, presence, closed: forget });
      boards.set(id, board);
      // Asked while it connects already, the provider would begin anew.
      if (!socket.isAway && !socket.shouldConnect) void socket.connect();
      return board as Board as Board<Fields>;
    },
    disconnect() {
      comesBack = false;
      socket.isAway = true;
      socket.disconnect();
      for (const board of boards.values()) board.changed();
    },
    connect() {
      if (!socket.isAway) return;
      comesBack = socket.status === 'connected';
      if (!comesBack) comeBack();
    },
    async close() {
      const open = [...boards.values()];
      for (const board of open) board.close();
      if (!closed) {
        closed = true;
        globalThis.removeEventListener?.('beforeunload', leaving);
        socket.destroy();
      }
      await Promise.all(open.map((board) => board.kept()));
    },
  };
}
