import { isFinal, parseBoardId } from '@tessera/model';
import type { Board } from './board.ts';
import { BoardSocket } from './board-socket.ts';
import { OpenBoard } from './open-board.ts';
import { readRefusal } from './refusal.ts';

export interface ClientOptions {
  /** The sync endpoint of the server: `wss://example.org/sync`. */
  readonly url: string;
  /** The token, or where to get one: asked for each connection, and when the server asks for a newer one. */
  readonly token: string | (() => string | Promise<string>);
}

/** One connection, and the boards that are open on it. */
export interface Client {
  /**
   * Opens a board; the same one while it is open.
   * @throws TesseraError `malformed` if the id is no board id
   */
  board(id: string): Board;
  /** Closes all boards and the connection. */
  close(): void;
}

/** A client of a Tessera server, in browsers and in Node. It connects when the first board is opened. */
export function createClient({ url, token }: ClientOptions): Client {
  const boards = new Map<string, OpenBoard>();
  const socket = new BoardSocket({ url, autoConnect: false });
  let closed = false;

  socket.on('close', ({ event }: { event: { code: number; reason: string } }) => {
    if (isFinal(event.code)) {
      const refusal = readRefusal(event.reason, event.code);
      for (const board of boards.values()) board.refused(refusal);
    }
    // After a final code the provider would connect again for ever.
    const open = [...boards.values()].some(({ status }) => status.state !== 'stopped');
    if (!open) socket.disconnect();
  });

  return {
    board(id) {
      if (closed) throw new Error('this client is closed: make a new one');
      const open = boards.get(parseBoardId(id));
      if (open !== undefined) return open;
      const board = new OpenBoard({ id, socket, token, closed: () => boards.delete(id) });
      boards.set(id, board);
      // Asked while it connects already, the provider would begin anew.
      if (!socket.shouldConnect) void socket.connect();
      return board;
    },
    close() {
      if (closed) return;
      closed = true;
      for (const board of [...boards.values()]) board.close();
      socket.destroy();
    },
  };
}
