import { TesseraError } from '@tessera/model';

/** What the heartbeat asks and does of a socket. */
export interface HeartbeatSocket {
  readonly lastSentAt: number;
  /** Not read from while too much waits for the database, so that nothing can be heard of it. */
  readonly isPaused: boolean;
  readonly tokenlessSince: number | undefined;
  /** A ping is out and its pong has not come. */
  readonly awaitsPong: boolean;
  /** A message came since this was last set back. */
  wasHeard: boolean;
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
  /** Whom a client does not hear of for 30 s it shows no more by itself: this only frees what is held for it. */
  pingEveryMs: 45_000,
  /** Stock clients reconnect after 30 s of silence. One look later is still early enough. */
  keepAliveAfterMs: 20_000,
  authenticateWithinMs: 15_000,
  askForTokenBeforeMs: 60_000,
};

export type HeartbeatTimes = typeof defaults;

/** A round is made in so many parts: 10,000 sockets at once would keep everybody waiting. */
const PARTS = 12;

/** One timer for all sockets: ends dead, silent and expired ones, and keeps the others open. */
export class Heartbeat {
  readonly #sockets: ReadonlySet<HeartbeatSocket>;
  readonly #times: HeartbeatTimes;
  readonly #timer: NodeJS.Timeout;
  /** Who is still to be looked at in this round. */
  #round: Iterator<HeartbeatSocket> | undefined;
  #nextRoundAt = 0;
  #pingedAt = Date.now();
  #isPingDue = false;

  constructor(sockets: ReadonlySet<HeartbeatSocket>, times: Partial<HeartbeatTimes> = {}) {
    this.#sockets = sockets;
    this.#times = { ...defaults, ...times };
    this.#timer = setInterval(() => this.#beat(), this.#times.tickMs / PARTS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = Date.now();
    if (this.#round === undefined && now >= this.#nextRoundAt) this.#begin(now);
    for (let left = Math.ceil(this.#sockets.size / PARTS); left > 0; left--) {
      const next = this.#round?.next();
      if (next?.done !== false) {
        this.#round = undefined;
        return;
      }
      this.#look(next.value, now);
    }
  }

  #begin(now: number): void {
    this.#nextRoundAt = now + this.#times.tickMs;
    this.#round = this.#sockets.values();
    this.#isPingDue = now - this.#pingedAt >= this.#times.pingEveryMs;
    if (this.#isPingDue) this.#pingedAt = now;
  }

  #look(socket: HeartbeatSocket, now: number): void {
    if (!socket.isPaused) this.#listen(socket, now);
    if (now - socket.lastSentAt > this.#times.keepAliveAfterMs) socket.keepAlive();
    this.#enforceExpiry(socket, now);
  }

  #listen(socket: HeartbeatSocket, now: number): void {
    const isPingDue = this.#isPingDue;
    if (isPingDue && socket.wasHeard) socket.wasHeard = false;
    else if (isPingDue && socket.awaitsPong) socket.terminate();
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
