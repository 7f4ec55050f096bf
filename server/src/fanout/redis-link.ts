import { Redis } from 'ioredis';
import type { RedisAccess, RedisAddress } from './redis-address.ts';

export interface RedisLinkEvents {
  /** Connected: nothing is subscribed to on this connection yet. */
  connected(): void;
  /** Not connected any more, or still not; called again with each attempt that fails. */
  lost(reason: Error): void;
  /** Something that was subscribed to here, or was to be, is served elsewhere now. */
  moved(): void;
  message(payload: Buffer): void;
}

const TICK_MS = 500;
/** Ticks without a word from the server, pinged at each of them: then its network may be gone. */
const MAX_SILENT_TICKS = 4;
const CONNECT_WITHIN_MS = 2_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 500;
const CHANNELS_IN_ONE_COMMAND = 1_000;
/** Of commands on their way: many times what a node says in the time it takes to notice a silence. */
const MAX_UNANSWERED_BYTES = 64 * 1024 * 1024;

/**
 * A connection to one Redis server, for publishing or for subscribing. It connects again for ever, and
 * leaves it to its owner what to subscribe to then.
 */
export class RedisLink {
  /** Channels by the newest command about them, which may wait for its answer. */
  readonly #channels = new Map<string, { answered: boolean }>();
  readonly #client: Redis;
  readonly #ticking: NodeJS.Timeout;
  #silentTicks = 0;
  #unansweredBytes = 0;
  #lastError: Error | undefined;

  constructor({ host, port }: RedisAddress, access: RedisAccess, events: RedisLinkEvents) {
    this.#client = new Redis({
      ...access,
      host,
      port,
      protocol: 3,
      connectionName: 'tessera',
      disableClientInfo: true,
      connectTimeout: CONNECT_WITHIN_MS,
      retryStrategy: (attempt) => {
        const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LAST_RETRY_MS);
        return delayMs * (0.75 + Math.random() / 2);
      },
      // What waits for Redis is read from the log meanwhile, so nothing is kept or sent again.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      enableReadyCheck: false,
    });
    this.#client.on('error', (error: Error) => {
      this.#lastError = error;
      // While connected, it is an answer too many: then none can be told from another any more.
      if (this.#client.status === 'ready') this.#destroy();
    });
    this.#client.on('connect', () => this.#heard());
    this.#client.on('ready', () => {
      this.#heard();
      events.connected();
    });
    this.#client.on('close', () => {
      this.forget();
      const reason = this.#lastError ?? new Error('it closed the connection');
      this.#lastError = undefined;
      events.lost(reason);
    });
    this.#client.on('moved', () => events.moved());
    this.#client.on('smessageBuffer', (_channel, payload: Buffer) => {
      this.#heard();
      events.message(payload);
    });
    // The immediate comes after what has arrived is read: it may be this process that did not listen.
    this.#ticking = setInterval(() => setImmediate(() => this.#tick()), TICK_MS);
  }

  get isConnected(): boolean {
    // Between the end of the socket and the event of it, the client still seems ready.
    return this.#client.status === 'ready' && this.#client.stream.writable;
  }

  /** How many channels messages arrive for. */
  get subscriptions(): number {
    let count = 0;
    for (const { answered } of this.#channels.values()) if (answered) count += 1;
    return count;
  }

  /** Whether messages of the channel arrive. */
  isSubscribed(channel: string): boolean {
    return this.#channels.get(channel)?.answered === true;
  }

  /** Each group is of one slot on a cluster. Rejects when one channel could not be subscribed to. */
  async subscribe(groups: Iterable<readonly string[]>): Promise<void> {
    const answers: Promise<void>[] = [];
    for (const group of groups) {
      for (let start = 0; start < group.length; start += CHANNELS_IN_ONE_COMMAND) {
        answers.push(this.#subscribe(group.slice(start, start + CHANNELS_IN_ONE_COMMAND)));
      }
    }
    await Promise.all(answers);
  }

  /** Rejects when Redis did not do so; a connection that is lost unsubscribes, too. */
  async unsubscribe(channel: string): Promise<void> {
    this.#channels.delete(channel);
    await this.#client.sunsubscribe(channel);
  }

  /** The subscription does not count any more; the server ends it by itself. */
  drop(channel: string): void {
    this.#channels.delete(channel);
  }

  /** No subscription counts any more. */
  forget(): void {
    this.#channels.clear();
  }

  /** Sends all in one write. For each, in order, why it was not sent. */
  async publish(
    messages: readonly (readonly [channel: string, payload: Uint8Array])[],
  ): Promise<(Error | undefined)[]> {
    const bytes = messages.reduce((sum, [, payload]) => sum + payload.byteLength, 0);
    if (this.#unansweredBytes + bytes > MAX_UNANSWERED_BYTES) {
      throw new Error(`it does not keep up: ${this.#unansweredBytes} bytes wait for an answer`);
    }
    this.#unansweredBytes += bytes;
    const { stream } = this.#client;
    // A corked stream costs a third of what a pipeline of ioredis does.
    stream.cork();
    const answers = messages.map(([channel, payload]) =>
      this.#client.spublish(channel, asBuffer(payload)).then(nothing, (error: Error) => error),
    );
    stream.uncork();
    const results = await Promise.all(answers);
    this.#unansweredBytes -= bytes;
    return results;
  }

  /** The answers to CLUSTER SLOTS and CLUSTER INFO. */
  async askForMap(): Promise<[slots: unknown, info: string]> {
    return Promise.all([this.#client.cluster('SLOTS'), this.#client.cluster('INFO')]);
  }

  close(): void {
    clearInterval(this.#ticking);
    this.#client.removeAllListeners('close');
    this.#client.removeAllListeners('ready');
    this.#client.disconnect();
    this.#destroy();
  }

  async #subscribe(channels: string[]): Promise<void> {
    const command = { answered: false };
    for (const channel of channels) this.#channels.set(channel, command);
    await this.#client.ssubscribe(...channels);
    command.answered = true;
  }

  #heard(): void {
    this.#silentTicks = 0;
  }

  #tick(): void {
    // Connecting has a timeout of its own; between that and being ready the server may fall silent, too.
    const { status } = this.#client;
    if (status !== 'connect' && status !== 'ready') return;
    this.#silentTicks += 1;
    if (this.#silentTicks > MAX_SILENT_TICKS) {
      this.#lastError = new Error(`no answer for ${TICK_MS * MAX_SILENT_TICKS} ms`);
      this.#destroy();
    } else if (status === 'ready') {
      // Any answer will do. Without one, the connection is lost, and that is told elsewhere.
      this.#client.ping().then(() => this.#heard(), nothing);
    }
  }

  /** Disconnecting would wait for the other side, which may be silent for good. */
  #destroy(): void {
    // There is none in the first moment.
    (this.#client.stream as Redis['stream'] | undefined)?.destroy();
  }
}

function nothing(): undefined {
  return undefined;
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
