import { TesseraError } from '@tessera/model';
import type { ClientSocket } from './client-socket.ts';

const TICK_MS = 3_000;
const PING_EVERY_TICKS = 8;
/** Stock clients reconnect after 30 s of silence. */
const KEEP_ALIVE_AFTER_MS = 9_000;
const ASK_FOR_TOKEN_BEFORE_MS = 60_000;
const AUTHENTICATE_WITHIN_MS = 15_000;

/** One timer for all sockets: ends dead, silent and expired ones, and keeps the others open. */
export class Heartbeat {
  readonly #sockets: Iterable<ClientSocket>;
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;

  constructor(sockets: Iterable<ClientSocket>, tickMs = TICK_MS) {
    this.#sockets = sockets;
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#ticks += 1;
    const now = Date.now();
    for (const socket of this.#sockets) {
      if (this.#ticks % PING_EVERY_TICKS === 0) {
        if (socket.awaitsPong) socket.terminate();
        else socket.ping();
      }
      if (!socket.authenticated && now - socket.openedAt > AUTHENTICATE_WITHIN_MS) {
        socket.end(new TesseraError('token-missing', 'no board was opened in time'));
      }
      if (now - socket.lastSentAt > KEEP_ALIVE_AFTER_MS) socket.keepAlive();
      enforceExpiry(socket, now);
    }
  }
}

function enforceExpiry(socket: ClientSocket, now: number): void {
  for (const channel of socket.channels) {
    const { expiresAt } = channel.identity;
    if (expiresAt <= now) channel.refuse(new TesseraError('token-expired'));
    else if (expiresAt - now < ASK_FOR_TOKEN_BEFORE_MS) channel.connection.requestToken();
  }
}
