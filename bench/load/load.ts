import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { eventually } from '../../test/support/wait.ts';
import type { Site } from '../contestants/contestant.ts';
import { cpuMs, machineCpuMs, residentKiB } from '../machine/machine.ts';
import { databaseWork, type Services } from '../machine/services.ts';
import { type Delays, delaysOf } from '../machine/statistics.ts';
import type { BoardLoad, Sender } from './board-load.ts';

export interface LoadShape {
  /** Of each sender. */
  readonly perSecond: number;
  readonly warmMs: number;
  readonly measureMs: number;
}

/** What came out of one run of a load. All CPU and delays are of the measured time only. */
export interface LoadResult {
  /** From being sent on one node to being received from the other one, and on the same node. */
  readonly cross: Delays;
  readonly local: Delays;
  readonly ack: Delays;
  readonly sent: number;
  readonly seconds: number;
  /** Of all server processes together, of PostgreSQL and of Redis. */
  readonly serverMs: number;
  readonly postgresMs: number;
  readonly redisMs: number;
  /** Of all server processes together, at the end. */
  readonly residentMiB: number;
  /** Of a contestant that has one. */
  readonly database: { readonly commits: number; readonly walBytes: number } | undefined;
  /** Share of a core the generator used: close to 1, it measures itself. */
  readonly generatorShare: number;
  /** Share of a core used by what is no part of the measurement. */
  readonly othersShare: number;
  /** Worst delay of a send against its plan. */
  readonly lateMs: number;
  /** What is wrong with the result; empty if everything arrived and all documents are equal. */
  readonly faults: string[];
}

const ARRIVE_WITHIN_MS = 10_000;

/** Sends at a steady rate from every sender, and measures once `warmMs` are over. */
export async function runLoad(
  site: Site,
  services: Services,
  boards: readonly BoardLoad[],
  { perSecond, warmMs, measureMs }: LoadShape,
): Promise<LoadResult> {
  const senders = boards.flatMap((board) => board.senders);
  const database =
    site.databaseUrl === undefined
      ? undefined
      : new pg.Client({ connectionString: site.databaseUrl });
  await database?.connect();
  const count = () => senders.reduce((sum, sender) => sum + sender.sentAt.length, 0);
  const look = async () => {
    const [server = 0, redis = 0] = await Promise.all([
      cpuMs(site.pids),
      cpuMs([services.redisPid]),
    ]);
    const { user, system } = process.cpuUsage();
    return {
      at: performance.now(),
      sent: count(),
      server,
      redis,
      generator: (user + system) / 1_000,
      machine: await machineCpuMs(),
      postgres: await services.postgresCpuMs(),
      database: database && (await databaseWork(database)),
    };
  };

  const schedule = new Schedule(senders, 1_000 / perSecond);
  await delay(warmMs);
  const before = await look();
  for (const board of boards) board.countFrom = performance.now();
  await delay(measureMs);
  const after = await look();
  schedule.stop();
  await database?.end();
  const resident = await Promise.all(site.pids.map(residentKiB));

  const faults: string[] = [];
  const missing = () => boards.reduce((sum, board) => sum + board.missing, 0);
  try {
    await eventually(() => missing() === 0, { timeoutMs: ARRIVE_WITHIN_MS });
  } catch {
    faults.push(`${missing()} of ${count()} sent never arrived somewhere`);
  }
  for (const board of boards) {
    const { difference } = board;
    if (difference !== undefined) faults.push(difference);
  }
  const wallMs = after.at - before.at;
  const used = (key: 'server' | 'redis' | 'generator' | 'postgres' | 'machine') =>
    after[key] - before[key];
  const ours = used('server') + used('redis') + used('generator') + used('postgres');
  return {
    cross: delaysOf(boards.flatMap((board) => board.arrivals.cross)),
    local: delaysOf(boards.flatMap((board) => board.arrivals.local)),
    ack: delaysOf(senders.flatMap((sender) => sender.ackMs)),
    sent: after.sent - before.sent,
    seconds: wallMs / 1_000,
    serverMs: used('server'),
    postgresMs: used('postgres'),
    redisMs: used('redis'),
    residentMiB: resident.reduce((sum, kib) => sum + kib, 0) / 1_024,
    database:
      before.database && after.database
        ? {
            commits: after.database.commits - before.database.commits,
            walBytes: after.database.walBytes - before.database.walBytes,
          }
        : undefined,
    generatorShare: used('generator') / wallMs,
    othersShare: Math.max(0, used('machine') - ours) / wallMs,
    lateMs: schedule.lateMs,
    faults,
  };
}

/**
 * Every sender at the same rate, each with a phase of its own, by plan and not by when the last one was
 * answered: a server that is slow gets no fewer edits.
 */
class Schedule {
  lateMs = 0;
  readonly #turns: readonly { sender: Sender; phaseMs: number }[];
  readonly #everyMs: number;
  readonly #startedAt = performance.now();
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(senders: readonly Sender[], everyMs: number) {
    this.#everyMs = everyMs;
    this.#turns = senders
      .map((sender) => ({ sender, phaseMs: Math.random() * everyMs }))
      .sort((a, b) => a.phaseMs - b.phaseMs);
    this.#run();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #run(): void {
    for (;;) {
      const turn = this.#turns[this.#next % this.#turns.length];
      if (turn === undefined) return;
      const round = Math.floor(this.#next / this.#turns.length);
      const lateMs = performance.now() - (this.#startedAt + round * this.#everyMs + turn.phaseMs);
      if (lateMs < 0) {
        this.#timer = setTimeout(() => this.#run(), -lateMs);
        return;
      }
      this.lateMs = Math.max(this.lateMs, lateMs);
      turn.sender.send();
      this.#next += 1;
    }
  }
}
