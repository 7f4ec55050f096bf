import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Fanout, FanoutEvents } from './fanout.ts';
import { finishesWithin } from './finishes-within.ts';
import { boardOf, type FanoutMessage } from './message.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from './message-codec.ts';
import { RedisCluster } from './redis-cluster.ts';
import type { RedisShard } from './redis-shard.ts';
import { connectStandalone } from './redis-standalone.ts';
import type { RedisTopology, RedisTopologyEvents } from './redis-topology.ts';

export interface RedisFanoutOptions {
  /** Told of messages that no node can have sent. */
  log: Pick<Logger, 'warn'>;
}

/** Every node is subscribed to it, for messages that are not about one board. */
const NODES_CHANNEL = 'tessera:nodes';
const BOARD_CHANNEL = 'tessera:board:';
const FAREWELL_WITHIN_MS = 500;

/**
 * The wire through Redis 7 or newer: sharded publish/subscribe with one channel a board. One address is
 * that of a server, several are of a cluster. Starts without Redis as well, and connects for ever.
 */
export function connectRedis(
  urls: readonly string[],
  events: FanoutEvents,
  options: RedisFanoutOptions,
): Fanout {
  return new RedisFanout(urls, events, options);
}

class RedisFanout implements Fanout {
  /** Ours for this start of the process: names that operators give may be given twice. */
  readonly #name = randomUUID();
  readonly #events: FanoutEvents;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #topology: RedisTopology;
  readonly #boards = new Set<string>();
  #failure: Error | undefined;
  /** Published in this turn of the event loop: all of it goes in one write. */
  #outbox: FanoutMessage[] = [];
  readonly #sending = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(urls: readonly string[], events: FanoutEvents, { log }: RedisFanoutOptions) {
    this.#events = events;
    this.#log = log;
    this.#topology = connect(urls, {
      changed: () => this.#assess(),
      message: (payload) => this.#received(payload),
    });
    this.#failure = this.#topology.failure;
    void this.#topology.want(NODES_CHANNEL);
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get subscriptions(): number {
    let count = this.#topology.shardOf(NODES_CHANNEL)?.isSubscribed(NODES_CHANNEL) ? -1 : 0;
    for (const { subscriptions } of this.#topology.shards) count += subscriptions;
    return count;
  }

  async subscribe(board: string): Promise<void> {
    if (this.#closing !== undefined) return;
    this.#boards.add(board);
    await this.#topology.want(BOARD_CHANNEL + board);
  }

  unsubscribe(board: string): void {
    if (this.#closing === undefined && this.#boards.delete(board)) {
      this.#topology.unwant(BOARD_CHANNEL + board);
    }
  }

  publish(message: FanoutMessage): void {
    if (this.#closing !== undefined) return;
    this.#outbox.push(message);
    if (this.#outbox.length === 1) queueMicrotask(() => this.#send());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#send();
    await finishesWithin(FAREWELL_WITHIN_MS, Promise.all(this.#sending));
    this.#topology.close();
  }

  #send(): void {
    const byShard = Map.groupBy(this.#outbox, (message) =>
      this.#topology.shardOf(channelOf(message)),
    );
    this.#outbox = [];
    for (const [shard, messages] of byShard) {
      if (shard?.isConnected !== true) {
        this.#unsent(messages);
        continue;
      }
      const sending = this.#sendTo(shard, messages).finally(() => this.#sending.delete(sending));
      this.#sending.add(sending);
    }
  }

  async #sendTo(shard: RedisShard, messages: FanoutMessage[]): Promise<void> {
    const results = await shard.publish(
      messages.map((message) => [
        channelOf(message),
        encodeEnvelope({ from: this.#name, message }),
      ]),
    );
    this.#unsent(messages.filter((_, index) => results[index] !== undefined));
  }

  #unsent(messages: FanoutMessage[]): void {
    if (this.#closing !== undefined) return;
    for (const message of messages) this.#events.unsent(message);
  }

  #received(payload: Buffer): void {
    const envelope = this.#closing === undefined ? this.#decode(payload) : undefined;
    if (envelope === undefined) return;
    const board = boardOf(envelope.message);
    // May have been on its way when we unsubscribed.
    if (board !== undefined && !this.#boards.has(board)) return;
    this.#events.received(envelope.message, envelope.from);
  }

  #decode(payload: Buffer): Envelope | undefined {
    try {
      return decodeEnvelope(payload, this.#name);
    } catch (error) {
      this.#log.warn({ err: error }, 'a message from Redis is not of a node, and was ignored');
      return undefined;
    }
  }

  /** Tells whether all is well, if that has changed. */
  #assess(): void {
    if (this.#closing !== undefined) return;
    const before = this.#failure;
    const { failure } = this.#topology;
    this.#failure = failure;
    if (failure === undefined && before !== undefined) this.#events.restored();
    else if (failure !== undefined && failure.message !== before?.message) {
      this.#events.away(failure);
    }
  }
}

function connect(urls: readonly string[], events: RedisTopologyEvents): RedisTopology {
  const [first, ...others] = urls;
  if (first === undefined) throw new TypeError('connectRedis needs at least one URL');
  if (others.length === 0) return connectStandalone(first, events);
  return new RedisCluster([first, ...others], events);
}

function channelOf(message: FanoutMessage): string {
  const board = boardOf(message);
  return board === undefined ? NODES_CHANNEL : BOARD_CHANNEL + board;
}
