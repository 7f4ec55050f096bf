import { TesseraError } from '@tessera/model';
import type { Redis } from 'ioredis';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
// One by one: all that the package has takes 10 MiB.
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js';
import RateLimiterRedis from 'rate-limiter-flexible/lib/RateLimiterRedis.js';
import RateLimiterRes from 'rate-limiter-flexible/lib/RateLimiterRes.js';
import { Work } from './work.ts';

/** Frames and bytes a second. */
export interface Rate {
  readonly frames: number;
  readonly bytes: number;
}

export interface TrafficLimits {
  readonly perConnection: Rate;
  /** Of all connections of one user; on all nodes, if they share a Redis. */
  readonly perUser: Rate;
  /** Milliseconds a second that this node spends on what one user sends. */
  readonly workPerUser: number;
}

/** A connection that is metered. */
export interface MeteredSocket {
  readonly id: string;
  /** The `sub` of its token; undefined while it has shown none. */
  readonly actor: string | undefined;
  /** Reads no more from the client, or reads again: what the client sends meanwhile waits on its side. */
  holdBack(isHeld: boolean): void;
  end(error: TesseraError): void;
}

export interface TrafficOptions {
  readonly limits: TrafficLimits;
  /** Where nodes count together; a Redis that is away is done without. */
  readonly redis?: Redis | undefined;
  heldBack(): void;
  /** How long a client may be held back again and again before it is closed. Default 10 s. */
  readonly patienceMs?: number;
}

const TICK_MS = 100;
/** What may be read between two ticks, in shares of a second: some may come late, and then at once. */
const BURST_S = 0.2;
/**
 * Who sends less than this share of its rate in a tick is not charged, which would take four promises and
 * as many timers: a user would have to be on more than ten nodes for it to matter.
 */
const NEGLIGIBLE = 0.1;
/** Held back again this soon after it was let go, a client has not slowed down. */
const GRACE_MS = 1_000;

/**
 * Slows down who sends too fast: its socket is not read from until its rate allows it, so that TCP
 * makes it wait and nothing is lost. Who goes on for long is closed with 4529. Frames are counted as
 * they come and charged ten times a second, which costs nothing per frame, and for most nothing at all.
 * Between that a connection is read from for so many frames only: megabytes of small ones may be there at once.
 */
export class Traffic {
  readonly work: Work;
  readonly #options: TrafficOptions;
  readonly #frames: Charge;
  readonly #bytes: Charge;
  readonly #userFrames: Charge;
  readonly #userBytes: Charge;
  readonly #active = new Set<Meter>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TrafficOptions) {
    this.#options = options;
    const { perConnection, perUser, workPerUser } = options.limits;
    this.work = new Work(workPerUser);
    this.#frames = new Charge('connection-frames', perConnection.frames, undefined);
    this.#bytes = new Charge('connection-bytes', perConnection.bytes, undefined);
    this.#userFrames = new Charge('user-frames', perUser.frames, options.redis);
    this.#userBytes = new Charge('user-bytes', perUser.bytes, options.redis);
  }

  meter(socket: MeteredSocket): Meter {
    const burst = Math.ceil(this.#options.limits.perConnection.frames * BURST_S);
    return new Meter(socket, burst, (meter) => {
      this.#active.add(meter);
      this.#timer ??= setTimeout(() => this.#tick(), TICK_MS);
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const meter of this.#active) meter.close();
    this.#active.clear();
  }

  #tick(): void {
    this.#timer = undefined;
    const active = [...this.#active];
    this.#active.clear();
    const users = new Map<string, { frames: number; bytes: number; meters: Meter[] }>();
    for (const meter of active) {
      const { frames, bytes } = meter.take();
      const { id, actor } = meter.socket;
      this.#charge([meter], id, [this.#frames, frames], [this.#bytes, bytes]);
      if (actor === undefined) continue;
      const user = users.get(actor) ?? { frames: 0, bytes: 0, meters: [] };
      users.set(actor, user);
      user.frames += frames;
      user.bytes += bytes;
      user.meters.push(meter);
    }
    for (const [actor, { frames, bytes, meters }] of users) {
      this.#charge(meters, actor, [this.#userFrames, frames], [this.#userBytes, bytes]);
    }
  }

  #charge(meters: readonly Meter[], key: string, ...counts: [Charge, number][]): void {
    if (counts.every(([charge, points]) => charge.isNegligible(points))) return;
    const waits = counts.map(([charge, points]) => charge.take(key, points));
    void this.#holdBack(meters, waits);
  }

  async #holdBack(meters: readonly Meter[], waits: readonly Promise<number>[]): Promise<void> {
    const waitMs = Math.max(...(await Promise.all(waits)));
    if (waitMs <= 0) return;
    for (const meter of meters) {
      this.#options.heldBack();
      meter.holdBack(waitMs, this.#options.patienceMs ?? 10_000);
    }
  }
}

/** One rate, counted in windows of a second. */
class Charge {
  readonly #limiter: RateLimiterAbstract;
  readonly #negligible: number;

  constructor(name: string, perSecond: number, redis: Redis | undefined) {
    this.#negligible = perSecond * (TICK_MS / 1_000) * NEGLIGIBLE;
    const options = { keyPrefix: `tessera:${name}`, points: perSecond, duration: 1 };
    const alone = new RateLimiterMemory(options);
    this.#limiter =
      redis === undefined
        ? alone
        : new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: alone });
  }

  /** Whether it is so little, in one tick, that it need not be charged. */
  isNegligible(points: number): boolean {
    return points <= this.#negligible;
  }

  /** How many milliseconds to wait; 0 if the rate allows it. */
  async take(key: string, points: number): Promise<number> {
    try {
      await this.#limiter.consume(key, points);
      return 0;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) {
        // A read may have brought far more than the rate, and the next second begins with nothing taken.
        const over = Math.max(0, refusal.consumedPoints / this.#limiter.points - 1);
        return Math.max(1, refusal.msBeforeNext + over * 1_000);
      }
      throw refusal;
    }
  }
}

/** What one connection has sent since it was last charged. */
export class Meter {
  readonly socket: MeteredSocket;
  readonly #activate: (meter: Meter) => void;
  readonly #burst: number;
  #frames = 0;
  #bytes = 0;
  #held: NodeJS.Timeout | undefined;
  #heldSince = 0;
  #heldUntil = 0;
  #letGoAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(socket: MeteredSocket, burst: number, activate: (meter: Meter) => void) {
    this.socket = socket;
    this.#burst = burst;
    this.#activate = activate;
  }

  count(bytes: number): void {
    if (this.#frames === 0) this.#activate(this);
    this.#frames += 1;
    this.#bytes += bytes;
    if (this.#frames === this.#burst) this.socket.holdBack(true);
  }

  take(): Rate {
    const taken = { frames: this.#frames, bytes: this.#bytes };
    const isHeld = this.#isClosed || this.#held !== undefined;
    if (taken.frames >= this.#burst && !isHeld) this.socket.holdBack(false);
    this.#frames = 0;
    this.#bytes = 0;
    return taken;
  }

  holdBack(waitMs: number, patienceMs: number): void {
    if (this.#isClosed) return;
    const now = performance.now();
    if (this.#held === undefined && now - this.#letGoAt > GRACE_MS) this.#heldSince = now;
    if (now - this.#heldSince > patienceMs) {
      const seconds = Math.round((now - this.#heldSince) / 1000);
      this.socket.end(new TesseraError('too-fast', `for ${seconds} s: send less often`));
      return;
    }
    // Its user may be told to wait for less than it has to itself.
    if (this.#held !== undefined && now + waitMs <= this.#heldUntil) return;
    this.#heldUntil = now + waitMs;
    clearTimeout(this.#held);
    this.socket.holdBack(true);
    this.#held = setTimeout(() => {
      this.#held = undefined;
      this.#letGoAt = performance.now();
      this.socket.holdBack(false);
    }, waitMs);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#held);
  }
}
