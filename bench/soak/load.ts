import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { RawClient } from '../../test/support/raw-client.ts';
import { tokenFor } from '../../test/support/tessera.ts';
import { eventually, finishes } from '../../test/support/wait.ts';
import type { Cluster } from './cluster.ts';
import { Person } from './person.ts';
import { type Left, useRoom } from './room.ts';

const ROOMS = 12;
/** Boards grow with their edits: a room moves on to a new one, so that a node holds about the same at any time. */
const ROOM_MS = 30_000;
const PASSING_EVERY_MS = 400;
/** Boards that are opened, written to once and abandoned: so many, over and over. */
const PASSING_BOARDS = 500;
const SLOW_READS_MS = 8_000;
const SLOW_EDITS = 200;
const SLOW_BYTES = 20_000;
const SILENT_MS = 1_000;
const REDIS_AWAY_MS = 2_000;
const PROBE_EVERY_MS = 1_000;
const PROBED_WITHIN_MS = 15_000;
/** Of the boards that were left, so many are looked at again in the end. */
const KEPT = 200;

/** Many people who come and go, until `stop`. */
export class Load {
  /** What went wrong that may not go wrong. */
  readonly faults: string[] = [];
  /** From an edit on one node until it is seen on the other one, in ms, since it was last taken. */
  lagsMs: number[] = [];
  /** Boards that were used, and what they have to hold. */
  readonly left: Left[] = [];
  readonly #cluster: Cluster;
  readonly #name: string;
  readonly #redisEveryMs: number;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];

  /** `name`: of its boards. `redisEveryMs`: how often Redis is killed and started again. */
  constructor(cluster: Cluster, name: string, redisEveryMs: number) {
    this.#cluster = cluster;
    this.#name = name;
    this.#redisEveryMs = redisEveryMs;
    for (let room = 0; room < ROOMS; room += 1) this.#go(`room ${room}`, () => this.#rooms(room));
    this.#go('passing', () => this.#passing());
    this.#go('a slow reader', () => this.#slowReaders());
    this.#go('silent sockets', () => this.#silentSockets());
    this.#go('the probe', () => this.#probe());
    this.#go('Redis', () => this.#restartRedis());
  }

  /** Everybody leaves. Resolves when they have. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  get #isOver(): boolean {
    return this.#stop.signal.aborted;
  }

  readonly #pause = async (ms: number): Promise<void> => {
    // Ended early by `stop`, which is no failure.
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  };

  #url(node: number): string {
    const { nodes } = this.#cluster;
    return nodes[node % nodes.length]?.url ?? '';
  }

  async #rooms(room: number): Promise<void> {
    await this.#pause((ROOM_MS * room) / ROOMS);
    for (let generation = 0; !this.#isOver; generation += 1) {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ROOM_MS)]);
      const board = `soak/${this.#name}-room-${room}-${generation}`;
      const nodeUrls = this.#cluster.nodes.map(({ url }) => url);
      this.left.push(await useRoom({ board, nodeUrls, signal, pause: this.#pause }));
      if (this.left.length > KEPT) this.left.splice(Math.floor(Math.random() * KEPT), 1);
    }
  }

  async #passing(): Promise<void> {
    for (let n = 0; !this.#isOver; n += 1) {
      const person = new Person(this.#url(n), `soak/passing-${n % PASSING_BOARDS}`);
      await person.arrived();
      person.edit();
      await person.saved();
      await person.leave();
      await this.#pause(PASSING_EVERY_MS);
    }
  }

  /** Somebody who does not read while others write, and then has to be sent all of it at once. */
  async #slowReaders(): Promise<void> {
    for (let n = 0; !this.#isOver; n += 1) {
      const board = `soak/slow-${n % PASSING_BOARDS}`;
      const reader = await RawClient.open(this.#url(n), board, tokenFor(`slow-${n}`));
      const writer = await RawClient.open(this.#url(n), board, tokenFor(`writer-${n}`));
      reader.ws.pause();
      for (let edit = 0; edit < SLOW_EDITS && !this.#isOver; edit += 1) {
        writer.edit((doc) => doc.getMap('widgets').set('large', 'x'.repeat(SLOW_BYTES)));
        await this.#pause(SLOW_READS_MS / SLOW_EDITS);
      }
      reader.ws.resume();
      const size = () => String(reader.doc.getMap('widgets').get('large') ?? '').length;
      await eventually(() => size() === SLOW_BYTES, { what: `${board} to reach a slow reader` });
      for (const { ws } of [reader, writer]) ws.terminate();
    }
  }

  /** Connections that never say who they are, or say nonsense. */
  async #silentSockets(): Promise<void> {
    for (let n = 0; !this.#isOver; n += 1) {
      const ws = new WebSocket(`${this.#url(n).replace('http', 'ws')}/sync`);
      await once(ws, 'open');
      if (n % 2 === 0) ws.send(Buffer.from([255, 255, 255]));
      await this.#pause(SILENT_MS);
      ws.terminate();
    }
  }

  /** How long an edit takes to the other node. */
  async #probe(): Promise<void> {
    const board = `soak/${this.#name}-probe`;
    const [from, to] = [new Person(this.#url(0), board), new Person(this.#url(1), board)];
    await Promise.all([from.arrived(), to.arrived()]);
    let seen = Promise.withResolvers<void>();
    to.follow(from.name, (count) => count === from.count && seen.resolve());
    while (!this.#isOver) {
      seen = Promise.withResolvers();
      const sentAt = performance.now();
      from.edit();
      await finishes(seen.promise, {
        timeoutMs: PROBED_WITHIN_MS,
        what: 'an edit to reach the other node',
      });
      this.lagsMs.push(performance.now() - sentAt);
      await this.#pause(PROBE_EVERY_MS);
    }
    await Promise.all([from.leave(), to.leave()]);
  }

  async #restartRedis(): Promise<void> {
    for (;;) {
      await this.#pause(this.#redisEveryMs);
      if (this.#isOver) return;
      await this.#cluster.redis.kill();
      await this.#pause(REDIS_AWAY_MS);
      await this.#cluster.redis.start();
    }
  }

  #go(what: string, act: () => Promise<void>): void {
    const running = act().catch((error: unknown) => {
      this.faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    });
    this.#running.push(running);
  }
}
