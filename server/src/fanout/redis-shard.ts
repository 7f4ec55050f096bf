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
  readonly #subscriber: RedisLink;
  /**
   * A connection of its own. When a slot moves, Redis may drop a subscription and then refuse to end it;
   * ioredis takes that for two answers, and each one after it for that of the next command. The number
   * that answers SPUBLISH, taken for that of SSUBSCRIBE, would end the process.
   */
  readonly #publisher: RedisLink;
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
    const connect = () =>
      new RedisLink(address, access, {
        connected: () => void this.#restore(),
        lost: (reason) => this.#fail(reason),
        moved: () => events.moved(),
        message: (payload) => events.message(payload),
      });
    this.#subscriber = connect();
    this.#publisher = connect();
  }

  /** Why it is of no use now; undefined while everything it is to serve is subscribed to. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether it can be spoken to. */
  get isConnected(): boolean {
    return this.#publisher.isConnected;
  }

  /** How many channels messages arrive for. */
  get subscriptions(): number {
    return this.#subscriber.subscriptions;
  }

  isSubscribed(channel: string): boolean {
    return this.#subscriber.isSubscribed(channel);
  }

  /** Resolves once messages arrive, or soon; then `failure` is defined until they do. */
  async want(channel: string): Promise<void> {
    this.#wanted.add(channel);
    // Without a connection, it is subscribed to with all the others as soon as there is one.
    if (!this.#subscriber.isConnected || this.#subscriber.isSubscribed(channel)) return;
    this.#batch ??= { channels: [], done: this.#subscribeToBatch() };
    this.#batch.channels.push(channel);
    await this.#batch.done;
  }

  unwant(channel: string): void {
    this.#wanted.delete(channel);
    // What does not get through is lost with its connection, and the subscription as well.
    if (this.#subscriber.isConnected) {
      this.#subscriber.unsubscribe(channel).catch(() => undefined);
    }
  }

  /** Takes over channels from others, and is failing for this reason until they are subscribed to here. */
  adopt(channels: Iterable<string>, reason: Error): void {
    const before = this.#wanted.size;
    for (const channel of channels) this.#wanted.add(channel);
    if (this.#wanted.size > before) this.#renew(reason);
  }

  /** Gives up the channels of slots that it does not serve any more, as Redis does by itself. Returns how many. */
  release(serves: (slot: number) => boolean): number {
    const before = this.#wanted.size;
    for (const channel of this.#wanted) {
      if (serves(this.#slotOf(channel))) continue;
      this.#wanted.delete(channel);
      this.#subscriber.drop(channel);
    }
    return before - this.#wanted.size;
  }

  /** Subscribes to everything again: the server has dropped something, and did not say what. */
  subscribeAnew(reason: Error): void {
    this.#subscriber.forget();
    this.#renew(reason);
  }

  /** Sends all in one go. For each, in order, why it was not sent. */
  async publish(
    messages: readonly (readonly [channel: string, payload: Uint8Array])[],
  ): Promise<(Error | undefined)[]> {
    const results = await this.#publisher.publish(messages).catch((error: Error) => {
      return messages.map(() => error);
    });
    const failed = results.find((result) => result !== undefined);
    // A lost connection is told of by the link.
    if (failed && this.#publisher.isConnected) this.#fail(failed);
    return results;
  }

  askForMap(): Promise<[slots: unknown, info: string]> {
    return this.#publisher.askForMap();
  }

  /** Nothing is called back afterwards. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#subscriber.close();
    this.#publisher.close();
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
    return this.#wanted.has(channel) && !this.#subscriber.isSubscribed(channel);
  }

  #renew(reason: Error): void {
    this.#setFailure(this.#failure ?? reason);
    void this.#restore();
  }

  /** Subscribes to all that is missing; it is well once nothing is. */
  async #restore(): Promise<void> {
    if (this.#restoring || !this.#subscriber.isConnected) return;
    this.#restoring = true;
    // More may be wanted or dropped meanwhile, so whether all is done is looked at and told in one go.
    let missing = this.#findMissing();
    while (missing.length > 0 && (await this.#subscribeInParts(missing))) {
      missing = this.#findMissing();
    }
    this.#restoring = false;
    const areConnected = this.#subscriber.isConnected && this.#publisher.isConnected;
    if (missing.length === 0 && areConnected) this.#setFailure(undefined);
  }

  #findMissing(): string[] {
    return [...this.#wanted].filter((channel) => this.#isMissing(channel));
  }

  async #subscribeInParts(channels: string[]): Promise<boolean> {
    for (let start = 0; start < channels.length; start += CHANNELS_AT_ONCE) {
      const done = await this.#subscribe(channels.slice(start, start + CHANNELS_AT_ONCE));
      if (!done) return false;
    }
    return true;
  }

  /** Resolves to whether it was done. */
  async #subscribe(channels: string[]): Promise<boolean> {
    try {
      const wanted = channels.filter((channel) => this.#isMissing(channel));
      await this.#subscriber.subscribe(Map.groupBy(wanted, this.#slotOf).values());
    } catch (error) {
      // A lost connection is told of by the link.
      if (this.#subscriber.isConnected) this.#fail(error as Error);
      return false;
    }
    return true;
  }

  #fail(reason: Error): void {
    if (this.#closed) return;
    this.#setFailure(explain(reason, this.address));
    // Connecting again is up to the link; this is for what failed although there is a connection.
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      if (this.#failure !== undefined) void this.#restore();
    }, RETRY_EVERY_MS);
  }

  #setFailure(failure: Error | undefined): void {
    if (failure?.message === this.#failure?.message) return;
    this.#failure = failure;
    this.#events.changed();
  }
}
