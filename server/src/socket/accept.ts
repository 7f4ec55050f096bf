import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { parseBoardId, TesseraError } from '@tessera/model';
import type { Logger } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import type { Boards } from '../sync/boards.ts';
import { ClientSocket, type SocketLimits } from './client-socket.ts';
import { tokenFrame } from './frames.ts';
import { Heartbeat } from './heartbeat.ts';
import { hocuspocusWire, type Wire, yWebsocketWire } from './wire.ts';

export interface AcceptOptions {
  boards: Boards;
  maxFrameBytes: number;
  maxOutgoingBytes: number;
  log: Logger;
}

const NOTHING_AT_THIS_PATH = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n';
const NOT_NOW = 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\r\n';
const PATH = /^\/(?:sync\/?$|yjs\/(?<board>.+))/;
/** Loopback and fast networks take far more into the kernel's buffers before anything waits here. */
const SLOW_OUTGOING_BYTES = 256 * 1024;
/** A client that has not answered the close frame by then is cut off. */
const CLOSE_WITHIN_MS = 2_000;

/** Says what `ws` finds wrong with a frame in the codes of our table. */
class CodedWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    const error =
      code === 1009
        ? new TesseraError('too-large', 'one message')
        : code === 1002 || code === 1007
          ? new TesseraError('malformed', 'not a WebSocket message')
          : undefined;
    if (error === undefined) super.close(code, reason);
    else super.close(error.closeCode, error.closeReason);
  }
}

/** Takes WebSocket upgrades on `/sync` and `/yjs/<board>` and keeps the open sockets. */
export class SocketServer {
  readonly #options: AcceptOptions;
  readonly #limits: SocketLimits;
  readonly #webSockets: WebSocketServer;
  readonly #sockets = new Set<ClientSocket>();
  readonly #heartbeat = new Heartbeat(this.#sockets);
  #accepting = true;

  constructor(server: Server, options: AcceptOptions) {
    this.#options = options;
    this.#limits = {
      maxJoiningFrames: 1_000,
      maxJoiningBytes: options.maxFrameBytes,
      maxJoiningBoards: 100,
      slowOutgoingBytes: SLOW_OUTGOING_BYTES,
      maxOutgoingBytes: options.maxOutgoingBytes,
    };
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: options.maxFrameBytes,
      WebSocket: CodedWebSocket,
      perMessageDeflate: false,
    });
    server.on('upgrade', (request, stream, head) => this.#upgrade(request, stream, head));
  }

  get count(): number {
    return this.#sockets.size;
  }

  /** Refuses new sockets and closes the open ones, spread over `spreadMs`. */
  async drain(spreadMs: number): Promise<void> {
    this.#accepting = false;
    const restarting = new TesseraError('node-restarting', 'connect again');
    await Promise.all(
      [...this.#sockets].map(async (socket, index, all) => {
        await wait((spreadMs * index) / all.length);
        await socket.endAndWait(restarting, CLOSE_WITHIN_MS);
      }),
    );
    this.#heartbeat.close();
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    // Without a listener, a connection that breaks during the handshake would end the process.
    stream.on('error', (error) => this.#options.log.info({ err: error }, 'upgrade failed'));
    // While too much waits for the database, sockets are not read from: no use in opening more.
    if (!this.#accepting || this.#options.boards.journal.full) return void stream.end(NOT_NOW);
    const url = new URL(request.url ?? '/', 'http://node');
    const match = PATH.exec(url.pathname);
    if (match === null) return void stream.end(NOTHING_AT_THIS_PATH);
    this.#webSockets.handleUpgrade(request, stream, head, (ws) => {
      const board = match.groups?.['board'];
      if (board === undefined) this.#open(ws, hocuspocusWire, request);
      else this.#openBoard(ws, request, board, url.searchParams.get('token') ?? '');
    });
  }

  /** A y-websocket client names the board and its token in the URL. */
  #openBoard(ws: WebSocket, request: IncomingMessage, encodedBoard: string, token: string): void {
    try {
      const board = parseBoardId(decodePath(encodedBoard));
      const wire = yWebsocketWire(board);
      this.#open(ws, wire, request).receive(hocuspocusWire.read(tokenFrame(board, token)));
    } catch (error) {
      if (!(error instanceof TesseraError)) throw error;
      ws.close(error.closeCode, error.closeReason);
    }
  }

  #open(ws: WebSocket, wire: Wire, request: IncomingMessage): ClientSocket {
    const { boards, log } = this.#options;
    const socket = new ClientSocket(ws, wire, asRequest(request), boards, this.#limits, log);
    this.#sockets.add(socket);
    ws.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new TesseraError('malformed', 'the path of the board is not percent-encoded', { cause });
  }
}

/** Hocuspocus' hooks are given a Fetch API request; the token in a y-websocket URL stays out of it. */
function asRequest(request: IncomingMessage): Request {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  return new Request(new URL(path, 'http://node'));
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
