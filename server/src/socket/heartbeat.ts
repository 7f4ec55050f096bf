import { TesseraError } from '@tessera/model';

/** What the heartbeat asks and does of a socket. */
export interface HeartbeatSocket {
  readonly lastSentAt: number;
  /** Not read from while too much waits for the database, so that nothing can be heard of it. */
  readonly isPaused: boolean;
  readonly tokenlessSince: number | undefined;
  /** A ping is out and its pong has not come. */
  readonly awaitsPong: boolean;
  readonly channels: Iterable<{
    readonly identity: { readonly expiresAt: number };
    readonly connection: { requestToken(): void };
    refuse(error: TesseraError): void;
  }>;
  ping(): void;
  terminate(): void;
  keepAlive(): void;
  end(error: TesseraError): void;
}

const defaults = {
  tickMs: 3_000,
  pingEveryMs: 24_000,
  /** Stock clients reconnect after 30 s of silence. */
  keepAliveAfterMs: 9_000,
  authenticateWithinMs: 15_000,
  askForTokenBeforeMs: 60_000,
};

export type HeartbeatTimes = typeof defaults;

/** One timer for all sockets: ends dead, silent and expired ones, and keeps the others open. */
export class Heartbeat {
  readonly #sockets: Iterable<HeartbeatSocket>;
  readonly #times: HeartbeatTimes;
  readonly #timer: NodeJS.Timeout;
  #pingedAt = Date.now();

  constructor(sockets: Iterable<HeartbeatSocket>, times: Partial<HeartbeatTimes> = {}) {
    this.#sockets = sockets;
    this.#times = { ...defaults, ...times };
    this.#timer = setInterval(() => this.#tick(), this.#times.tickMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = Date.now();
    const isPingDue = now - this.#pingedAt >= this.#times.pingEveryMs;
    if (isPingDue) this.#pingedAt = now;
    for (const socket of this.#sockets) {
      if (!socket.isPaused) this.#listen(socket, now, isPingDue);
      if (now - socket.lastSentAt > this.#times.keepAliveAfterMs) socket.keepAlive();
      this.#enforceExpiry(socket, now);
    }
  }

  #listen(socket: HeartbeatSocket, now: number, isPingDue: boolean): void {
    if (isPingDue && socket.awaitsPong) socket.terminate();
    else if (isPingDue) socket.ping();
    const { tokenlessSince = now } = socket;
    if (now - tokenlessSince > this.#times.authenticateWithinMs) {
      socket.end(new TesseraError('token-missing', 'none came in time'));
    }
  }

  #enforceExpiry(socket: HeartbeatSocket, now: number): void {
    for (const channel of socket.channels) {
      const leftMs = channel.identity.expiresAt - now;
      if (leftMs <= 0) channel.refuse(new TesseraError('token-expired'));
      else if (leftMs < this.#times.askForTokenBeforeMs) channel.connection.requestToken();
    }
  }
}
