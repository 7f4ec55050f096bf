import { finishesWithin } from './finishes-within.ts';
import { explain, notAnswered, type RedisAccess, type RedisAddress } from './redis-address.ts';
import { RedisLink } from './redis-link.ts';

export interface RedisShardEvents {
  /** `failure` is another one. */
  changed(): void;
  /** Some slots are served elsewhere now. */
  moved(): void;
  message(payload: Buffer): void;
}

const SUBSCRIBE_WITHIN_MS = 1_000;
const RETRY_EVERY_MS = 500;
/** So many that the event loop is not held up. */
const CHANNELS_AT_ONCE = 5_000;

/** One server, and the channels of ours that it is to serve. */
export class RedisShard {
  readonly address: RedisAddress;
  readonly #events: RedisShardEvents;
  readonly #link: RedisLink;
  /** Channels of different slots cannot be named in one command. */
  readonly #slotOf: (channel: string) => number;
  readonly #wanted = new Set<string>();
  #failure: Error | undefined = notAnswered();
  /** What was wanted in this turn of the event loop. */
  #batch: { channels: string[]; done: Promise<void> } | undefined;
  #restoring = false;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    address: RedisAddress,
    access: RedisAccess,
    slotOf: (channel: string) => number,
    events: RedisShardEvents,
  ) {
    this.address = address;
    this.#slotOf = slotOf;
    this.#events = events;
    this.#link = new RedisLink(address, access, {
      connected: () => void this.#restore(),
      lost: (reason) => this.#fail(reason),
      moved: () => events.moved(),
      message: (payload) => events.message(payload),
    });
  }

  /** Why it is of no use now; undefined while everything it is to serve is subscribed to. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  get isConnected(): boolean {
    return this.#link.isConnected;
  }

  /** How many channels messages arrive for. */
  get subscriptions(): number {
    return this.#link.subscriptions;
  }

  isSubscribed(channel: string): boolean {
    return this.#link.isSubscribed(channel);
  }

  /** Resolves once messages arrive, or soon; then `failure` is defined until they do. */
  async want(channel: string): Promise<void> {
    this.#wanted.add(channel);
    // Without a connection, it is subscribed to with all the others as soon as there is one.
    if (!this.#link.isConnected || this.#link.isSubscribed(channel)) return;
    this.#batch ??= { channels: [], done: this.#subscribeToBatch() };
    this.#batch.channels.push(channel);
    await this.#batch.done;
  }

  unwant(channel: string): void {
    this.#wanted.delete(channel);
    // What does not get through is lost with its connection, and the subscription as well.
    if (this.#link.isConnected) this.#link.unsubscribe(channel).catch(() => undefined);
  }

  /** Takes over channels from others, and is failing until they are subscribed to here. */
  adopt(channels: Iterable<string>): void {
    const before = this.#wanted.size;
    for (const channel of channels) this.#wanted.add(channel);
    if (this.#wanted.size > before) this.#renew();
  }

  /** Gives up the channels of slots that it does not serve any more. Returns how many. */
  release(serves: (slot: number) => boolean): number {
    const before = this.#wanted.size;
    for (const channel of this.#wanted) if (!serves(this.#slotOf(channel))) this.unwant(channel);
    return before - this.#wanted.size;
  }

  /** Subscribes to everything again: the server has dropped something, and did not say what. */
  subscribeAnew(): void {
    this.#link.forget();
    this.#renew();
  }

  /** Sends all in one go. For each, in order, why it was not sent. */
  async publish(
    messages: readonly (readonly [channel: string, payload: Uint8Array])[],
  ): Promise<(Error | undefined)[]> {
    const results = await this.#link.publish(messages).catch((error: Error) => {
      return messages.map(() => error);
    });
    const failed = results.find((result) => result !== undefined);
    // A lost connection is told of by the link.
    if (failed && this.#link.isConnected) this.#fail(failed);
    return results;
  }

  askForMap(): Promise<[slots: unknown, info: string]> {
    return this.#link.askForMap();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#link.close();
  }

  async #subscribeToBatch(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const channels = this.#batch?.channels ?? [];
    this.#batch = undefined;
    const answered = await finishesWithin(SUBSCRIBE_WITHIN_MS, this.#subscribe(channels));
    if (!answered && channels.some((channel) => this.#isMissing(channel))) {
      this.#fail(new Error(`no answer to SSUBSCRIBE for ${SUBSCRIBE_WITHIN_MS} ms`));
    }
  }

  #isMissing(channel: string): boolean {
    return this.#wanted.has(channel) && !this.#link.isSubscribed(channel);
  }

  #renew(): void {
    this.#setFailure(this.#failure ?? notAnswered());
    void this.#restore();
  }

  /** Subscribes to all that is missing; it is well once nothing is. */
  async #restore(): Promise<void> {
    if (this.#restoring || !this.#link.isConnected) return;
    this.#restoring = true;
    const done = await this.#subscribeToMissing().finally(() => {
      this.#restoring = false;
    });
    if (done && this.#link.isConnected) this.#setFailure(undefined);
  }

  async #subscribeToMissing(): Promise<boolean> {
    for (;;) {
      const missing = [...this.#wanted].filter((channel) => this.#isMissing(channel));
      // More may be wanted meanwhile, and not all of it is subscribed to on time.
      if (missing.length === 0) return true;
      for (let start = 0; start < missing.length; start += CHANNELS_AT_ONCE) {
        const part = missing.slice(start, start + CHANNELS_AT_ONCE);
        if (!(await this.#subscribe(part))) return false;
      }
    }
  }

  /** Resolves to whether it was done. */
  async #subscribe(channels: string[]): Promise<boolean> {
    try {
      const wanted = channels.filter((channel) => this.#isMissing(channel));
      await this.#link.subscribe(Map.groupBy(wanted, this.#slotOf).values());
    } catch (error) {
      // A lost connection is told of by the link.
      if (this.#link.isConnected) this.#fail(error as Error);
      return false;
    }
    return true;
  }

  #fail(reason: Error): void {
    this.#setFailure(explain(reason, this.address));
    // Connecting again is up to the link; this is for what failed although there is a connection.
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      if (this.#failure !== undefined) void this.#restore();
    }, RETRY_EVERY_MS);
  }

  #setFailure(failure: Error | undefined): void {
    if (this.#closed || failure?.message === this.#failure?.message) return;
    this.#failure = failure;
    this.#events.changed();
  }
}
