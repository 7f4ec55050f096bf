import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { parseBoardId, TesseraError } from '@tessera/model';
import type { Logger } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import { clientAddress } from '../http/client-address.ts';
import type { OriginCheck } from '../http/origins.ts';
import { problemText } from '../http/problem.ts';
import type { Admission, EntryLimit, Seat } from '../limits/admission.ts';
import { TimeSlices } from '../limits/time-slices.ts';
import type { Traffic } from '../limits/traffic.ts';
import type { Boards } from '../sync/boards.ts';
import { ClientSocket, type ClientSocketOptions, type SocketLimits } from './client-socket.ts';
import { tokenFrame } from './frames.ts';
import { Heartbeat } from './heartbeat.ts';
import { Transfers } from './transfers.ts';
import { hocuspocusWire, type Wire, yWebsocketWire } from './wire.ts';

export interface AcceptOptions {
  boards: Boards;
  maxFrameBytes: number;
  maxOutgoingBytes: number;
  traffic: Traffic;
  maxBoardsPerSocket: number;
  admission: Admission;
  isAllowedOrigin: OriginCheck;
  /** Proxies in front, whose word on the client's address is taken. */
  trustedProxies: number;
  log: Logger;
}

/** Room for the longest token and the longest board id. */
const MAX_URL_CHARACTERS = 20 * 1024;
const PATH = /^\/(?:sync\/?$|yjs\/(?<board>.+))/;
/** Loopback and fast networks take far more into the kernel's buffers before anything waits here. */
const SLOW_OUTGOING_BYTES = 256 * 1024;
/** A client that has not answered the close frame by then is cut off. */
const CLOSE_WITHIN_MS = 2_000;

/** A connection whose handshake is done. */
interface Accepted {
  readonly ws: WebSocket;
  readonly request: IncomingMessage;
  readonly seat: Seat;
}

const noSeat: Readonly<Record<EntryLimit, string>> = {
  address: problemText(429, 'too many connections from this address'),
  tokenless: problemText(503, 'too many connections without a token', ['Retry-After: 15']),
};

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
  readonly #socketOptions: ClientSocketOptions;
  readonly #webSockets: WebSocketServer;
  readonly #sockets = new Set<ClientSocket>();
  readonly #heartbeat = new Heartbeat(this.#sockets);
  /** One for all: a closure made in `#upgrade` would keep the request for as long as the connection lives. */
  readonly #onStreamError = (error: Error) => {
    this.#options.log.info({ err: error }, 'upgrade failed');
  };
  #accepting = true;

  constructor(server: Server, options: AcceptOptions) {
    this.#options = options;
    const { boards, traffic, log } = options;
    const limits: SocketLimits = {
      maxJoiningFrames: 1_000,
      maxJoiningBytes: options.maxFrameBytes,
      maxJoiningBoards: 100,
      maxBoards: options.maxBoardsPerSocket,
    };
    const outgoing = {
      slowOutgoingBytes: SLOW_OUTGOING_BYTES,
      maxOutgoingBytes: options.maxOutgoingBytes,
      transfers: new Transfers(),
      slowed: () => boards.countSlowReader(),
    };
    const closed = (socket: ClientSocket) => this.#sockets.delete(socket);
    const slices = new TimeSlices();
    this.#socketOptions = { boards, limits, traffic, outgoing, slices, log, closed };
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: options.maxFrameBytes,
      WebSocket: CodedWebSocket,
      perMessageDeflate: false,
    });
    const upgrades = new TimeSlices();
    server.on('upgrade', (request, stream, head) => {
      // Without a listener, a connection that breaks during the handshake would end the process.
      stream.on('error', this.#onStreamError);
      upgrades.add({
        step: () => {
          if (!stream.destroyed) this.#upgrade(request, stream, head);
          return false;
        },
      });
    });
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
    const { path = '', token, refusal } = this.#judge(request);
    const match = PATH.exec(path);
    if (refusal !== undefined || match === null) {
      refuse(
        stream,
        refusal ?? problemText(404, 'there is no WebSocket here: see /sync and /yjs/'),
      );
      return;
    }
    const { admission, trustedProxies } = this.#options;
    const seat = admission.enter(clientAddress(request, trustedProxies));
    if (typeof seat === 'string') {
      refuse(stream, noSeat[seat]);
      return;
    }
    // However it ends, also during the handshake.
    leaveWithStream(seat, stream);
    this.#webSockets.handleUpgrade(request, stream, head, (ws) => {
      const board = match.groups?.['board'];
      const accepted = { ws, request, seat };
      if (board === undefined) this.#open(accepted, hocuspocusWire);
      else this.#openBoard(accepted, board, token ?? '');
    });
  }

  /** What is asked for, or the answer that refuses it. */
  #judge(request: IncomingMessage): { path?: string; token?: string; refusal?: string } {
    const { boards, isAllowedOrigin, trustedProxies, log } = this.#options;
    // While too much waits for the database, sockets are not read from: no use in opening more.
    if (!this.#accepting || boards.journal.full) {
      return { refusal: problemText(503, 'connect again in a moment', ['Retry-After: 1']) };
    }
    const { url = '/', headers } = request;
    if (url.length > MAX_URL_CHARACTERS) {
      return { refusal: problemText(414, `more than ${MAX_URL_CHARACTERS} characters`) };
    }
    const { origin, host } = headers;
    if (!isAllowedOrigin(origin, host)) {
      const address = clientAddress(request, trustedProxies);
      log.info({ origin, host, address }, 'a page of another origin was refused');
      const detail = `pages of ${origin} may not connect: see TESSERA_ALLOWED_ORIGINS`;
      return { refusal: problemText(403, detail) };
    }
    const parsed = URL.parse(url, 'http://node');
    if (parsed === null) return { refusal: problemText(400, 'the address is malformed') };
    return { path: parsed.pathname, token: parsed.searchParams.get('token') ?? '' };
  }

  /** A y-websocket client names the board and its token in the URL. */
  #openBoard(accepted: Accepted, encodedBoard: string, token: string): void {
    try {
      const board = parseBoardId(decodePath(encodedBoard));
      const wire = yWebsocketWire(board);
      this.#open(accepted, wire).receive(hocuspocusWire.read(tokenFrame(board, token)));
    } catch (error) {
      if (!(error instanceof TesseraError)) throw error;
      accepted.ws.close(error.closeCode, error.closeReason);
    }
  }

  #open({ ws, request, seat }: Accepted, wire: Wire): ClientSocket {
    const { log, trustedProxies } = this.#options;
    const socket = new ClientSocket(ws, wire, seat, this.#socketOptions);
    log.debug({ socket: socket.id, address: clientAddress(request, trustedProxies) }, 'connected');
    this.#sockets.add(socket);
    return socket;
  }
}

/** Apart, for the same reason as `#onStreamError`. */
function leaveWithStream(seat: Seat, stream: Duplex): void {
  stream.once('close', () => seat.leave());
}

/** A client that keeps its side open after that would keep the node from ending. */
function refuse(stream: Duplex, answer: string): void {
  stream.end(answer, () => stream.destroy());
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new TesseraError('malformed', 'the path of the board is not percent-encoded', { cause });
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
