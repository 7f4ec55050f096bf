import { setTimeout as delay } from 'node:timers/promises';
import calculateSlot from 'cluster-key-slot';
import { finishesWithin } from './finishes-within.ts';
import {
  accessOf,
  addressOf,
  explain,
  notAnswered,
  placeOf,
  type RedisAccess,
  type RedisAddress,
} from './redis-address.ts';
import { RedisShard } from './redis-shard.ts';
import { readSlotMap, type SlotMap } from './redis-slot-map.ts';
import type { RedisTopology, RedisTopologyEvents } from './redis-topology.ts';

const LOOK_EVERY_MS = 3_000;
const LOOK_OFTEN_EVERY_MS = 500;
/** Between two looks while there is no map, and while the map changes. */
const SEARCH_PAUSE_MS = 50;
const CHANGE_PAUSE_MS = 250;
const ANSWER_WITHIN_MS = 1_000;

const slotOf = (channel: string): number => calculateSlot(channel);

/**
 * A Redis Cluster: each master serves the channels of its slots. Its map is read from any server
 * again and again, at once when something is found not to be where the map has it, and what has moved
 * is subscribed to at its new place.
 */
export class RedisCluster implements RedisTopology {
  readonly #events: RedisTopologyEvents;
  readonly #seeds: readonly RedisAddress[];
  readonly #access: RedisAccess;
  readonly #wanted = new Set<string>();
  readonly #shards = new Map<string, RedisShard>();
  #map: SlotMap | undefined;
  /** Why the map may be wrong. */
  #failure: Error | undefined = notAnswered();
  /** Said that slots have moved away from it, since the map was last read. */
  readonly #moved = new Set<RedisShard>();
  #looking = false;
  #lookAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(urls: readonly [string, ...string[]], events: RedisTopologyEvents) {
    this.#events = events;
    this.#seeds = urls.map(addressOf);
    this.#access = accessOf(urls[0]);
    for (const seed of this.#seeds) this.#shardAt(seed);
  }

  get failure(): Error | undefined {
    // What is wrong with a server says more than what that does to the cluster.
    for (const { failure } of this.#shards.values()) if (failure !== undefined) return failure;
    return this.#failure;
  }

  get shards(): Iterable<RedisShard> {
    return this.#shards.values();
  }

  async want(channel: string): Promise<void> {
    this.#wanted.add(channel);
    await this.shardOf(channel)?.want(channel);
  }

  unwant(channel: string): void {
    this.#wanted.delete(channel);
    this.shardOf(channel)?.unwant(channel);
  }

  shardOf(channel: string): RedisShard | undefined {
    const place = this.#map?.owners[slotOf(channel)];
    return place === undefined ? undefined : this.#shards.get(place);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const shard of this.#shards.values()) shard.close();
    this.#shards.clear();
  }

  #shardAt(address: RedisAddress): RedisShard {
    const place = placeOf(address);
    const known = this.#shards.get(place);
    if (known !== undefined) return known;
    const shard = new RedisShard(address, this.#access, slotOf, {
      changed: () => {
        // A server that comes or goes: others may have other slots now.
        void this.#look();
        this.#events.changed();
      },
      moved: () => {
        this.#moved.add(shard);
        void this.#look();
      },
      message: (payload) => this.#events.message(payload),
    });
    this.#shards.set(place, shard);
    return shard;
  }

  /** Reads the map, and goes on reading it. */
  async #look(): Promise<void> {
    this.#lookAgain = true;
    if (this.#looking) return;
    this.#looking = true;
    while (this.#lookAgain && !this.#closed) {
      this.#lookAgain = false;
      await this.#lookOnce();
      // Servers that contradict each other are not asked without pause.
      if (this.#lookAgain) await delay(this.#map ? CHANGE_PAUSE_MS : SEARCH_PAUSE_MS);
    }
    this.#looking = false;
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const waitMs = this.failure === undefined ? LOOK_EVERY_MS : LOOK_OFTEN_EVERY_MS;
    this.#timer = setTimeout(() => void this.#look(), waitMs);
  }

  async #lookOnce(): Promise<void> {
    const connected = [...this.#shards.values()].filter(({ isConnected }) => isConnected);
    if (connected.length === 0) for (const seed of this.#seeds) this.#shardAt(seed);
    // Who has said that slots are gone knows where to.
    connected.sort((a, b) => Number(this.#moved.has(b)) - Number(this.#moved.has(a)));
    let problem = this.#failure;
    for (const shard of connected) {
      const answer = await this.#ask(shard);
      if (this.#closed) return;
      const isMap = !(answer instanceof Error);
      problem = isMap ? this.#apply(answer, shard) : answer;
      // Otherwise it may be one that the others have lost, and that does not know who replaces it.
      if (isMap) break;
    }
    this.#failure = problem;
    this.#events.changed();
  }

  /** The map as this server has it, or why it has none to rely on. */
  async #ask(shard: RedisShard): Promise<SlotMap | Error> {
    try {
      const answer = shard.askForMap();
      if (!(await finishesWithin(ANSWER_WITHIN_MS, answer))) throw new Error('no answer');
      const [slots, info] = await answer;
      if (info.includes('cluster_state:ok')) return readSlotMap(slots, shard.address);
    } catch (error) {
      return explain(error as Error, shard.address);
    }
    return explain(
      new Error('its cluster is down: all slots must have a master, and most masters must run'),
      shard.address,
    );
  }

  /** Puts everything where it belongs now. Returns why that is not all. */
  #apply(map: SlotMap, teller: RedisShard): Error | undefined {
    const before = this.#map;
    this.#map = map;
    const reason = before ? new Error('slots of the Redis Cluster have moved') : notAnswered();
    for (const address of map.masters.values()) this.#shardAt(address);
    const hasChanged = map.owners.some((owner, slot) => owner !== before?.owners[slot]);
    const gone = [...this.#shards].filter(([place]) => !map.masters.has(place));
    for (const [place, shard] of gone) {
      shard.close();
      this.#shards.delete(place);
      this.#moved.delete(shard);
    }
    for (const [place, shard] of this.#shards) {
      const released = hasChanged ? shard.release((slot) => map.owners[slot] === place) : 0;
      const isExplained = released > 0 && shard === teller;
      if (this.#moved.delete(shard) && !isExplained) shard.subscribeAnew(reason);
    }
    if (hasChanged) {
      const byShard = Map.groupBy(this.#wanted, (channel) => this.shardOf(channel));
      for (const [shard, channels] of byShard) shard?.adopt(channels, reason);
    }
    if (map.owners.includes(undefined)) {
      return new Error('the Redis Cluster has slots without a master: assign them');
    }
    if (gone.length === 0 && (!hasChanged || before === undefined)) return undefined;
    // What was on its way may be lost, so there has to be a moment in which not all is well. It lasts
    // until nothing changes any more, as being well again has every board compared with the log.
    this.#lookAgain = true;
    return reason;
  }
}
