import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Site } from '../contestants/contestant.ts';
import { BenchClient } from '../load/bench-client.ts';
import { BoardLoad } from '../load/board-load.ts';
import { updatesOfSets, writeLog } from '../load/long-log.ts';
import { cpuMs } from '../machine/machine.ts';
import { peakKiB, resetPeak, residentTogetherKiB } from '../machine/memory.ts';
import { type Delays, delaysOf } from '../machine/statistics.ts';
import { onOwnSite } from './own-site.ts';
import type { Scenario } from './scenario.ts';

const UPDATES = 100_000;
/** One after the other, for more edits to look at. */
const COMPACTED_BOARDS = 3;
const WRITERS = 4;
/** An edit of one of them so often. */
const EDIT_EVERY_MS = 5;
const CALM_MS = 3_000;
const COMPACTED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 20;

export const compaction: Scenario = {
  name: 'compaction',
  about: `a board with ${UPDATES.toLocaleString('en-US')} updates in its log and no snapshot is opened, which has it compacted: from the moment its first client has it until the snapshot is stored, while others edit another board ${1_000 / EDIT_EVERY_MS} times a second`,
  figures: [
    { key: 'cpuMs', title: 'CPU', unit: 'ms', digits: 0 },
    { key: 'tookMs', title: 'it took', unit: 'ms', digits: 0 },
    { key: 'grownMiB', title: 'memory at its peak, above before', unit: 'MiB', digits: 0 },
    { key: 'logMiB', title: 'log', unit: 'MiB', digits: 1 },
    { key: 'snapshotKiB', title: 'snapshot', unit: 'KiB', digits: 1 },
    { key: 'delayP50CalmMs', title: 'edits before: p50', unit: 'ms', digits: 2 },
    { key: 'delayP99CalmMs', title: 'p99', unit: 'ms', digits: 2 },
    { key: 'delayP50Ms', title: 'meanwhile: p50', unit: 'ms', digits: 2 },
    { key: 'delayP99Ms', title: 'p99', unit: 'ms', digits: 2 },
    { key: 'delayMaxOpeningMs', title: 'while it was opened: longest', unit: 'ms', digits: 0 },
  ],
  contestants: ['tessera-postgres'],
  rounds: 1,
  isQuick: false,
  run: (scene) =>
    onOwnSite(scene, {}, async (site, { figures, faults }) => {
      const [pid] = site.pids;
      const { databaseUrl } = site;
      if (pid === undefined || databaseUrl === undefined) throw new Error('it needs a database');
      const updates = updatesOfSets(UPDATES);
      const boards = Array.from({ length: COMPACTED_BOARDS }, (_, n) => `bench/compaction-${n}`);
      for (const board of boards) await writeLog(databaseUrl, board, updates);
      const logBytes = updates.reduce((sum, update) => sum + update.byteLength, 0);
      figures['logMiB'] = logBytes / 2 ** 20;

      const editing = await SteadyEdits.on(site);
      const database = new pg.Client({ connectionString: databaseUrl });
      await database.connect();
      try {
        await delay(CALM_MS);
        const calm = await editing.during(async () => {
          const before = await cpuMs([pid]);
          await delay(CALM_MS);
          return ((await cpuMs([pid])) - before) / CALM_MS;
        });
        const all: Compacted[] = [];
        for (const board of boards) {
          const opening = await editing.during(() =>
            BenchClient.open(site.at(0, 'reader'), board, { witness: true }),
          );
          const work = await editing.during(() =>
            compacting(pid, database, { board, calmShare: calm.result }),
          );
          all.push({ ...work.result, opening, work });
          const { doc } = opening.result;
          if (doc?.getMap('widgets').size !== 20) faults.push(`${board} is not what was written`);
          await opening.result.close();
        }
        faults.push(...(await editing.end()));
        for (const key of ['cpuMs', 'tookMs', 'grownMiB', 'snapshotKiB'] as const) {
          figures[key] = all.reduce((sum, one) => sum + one[key], 0) / all.length;
        }
        const before = editing.delaysIn([calm]);
        const meanwhile = editing.delaysIn(all.map(({ work }) => work));
        figures['delayP50CalmMs'] = before.p50;
        figures['delayP99CalmMs'] = before.p99;
        figures['delayP50Ms'] = meanwhile.p50;
        figures['delayP99Ms'] = meanwhile.p99;
        figures['delayMaxOpeningMs'] = editing.delaysIn(all.map(({ opening }) => opening)).max;
      } finally {
        await database.end();
      }
    }),
};

interface Compacted {
  readonly cpuMs: number;
  readonly tookMs: number;
  readonly grownMiB: number;
  readonly snapshotKiB: number;
  readonly opening: Phase;
  readonly work: Phase;
}

/** A time, on the clock of `performance.now()`. */
interface Phase {
  readonly from: number;
  readonly to: number;
}

/** Waits for the snapshot; `calmShare` of a core goes to the edits on the other board. */
async function compacting(
  pid: number,
  database: pg.Client,
  { board, calmShare }: { board: string; calmShare: number },
) {
  await resetPeak(pid);
  const residentKiB = await residentTogetherKiB([pid]);
  const [cpuBefore, from] = [await cpuMs([pid]), performance.now()];
  const bytes = await untilCompacted(database, board);
  const tookMs = performance.now() - from;
  return {
    tookMs,
    cpuMs: (await cpuMs([pid])) - cpuBefore - calmShare * tookMs,
    grownMiB: ((await peakKiB(pid)) - residentKiB) / 1_024,
    snapshotKiB: bytes / 1_024,
  };
}

async function untilCompacted(database: pg.Client, board: string): Promise<number> {
  const deadline = performance.now() + COMPACTED_WITHIN_MS;
  while (performance.now() < deadline) {
    const { rows } = await database.query<{ bytes: number }>(
      `SELECT octet_length(s.bytes) AS bytes
       FROM snapshots s JOIN boards b ON b.id = s.board AND b.head = s.seq WHERE b.id = $1`,
      [board],
    );
    if (rows[0] !== undefined) return rows[0].bytes;
    await delay(LOOK_EVERY_MS);
  }
  throw new Error(`${board} was not compacted within ${COMPACTED_WITHIN_MS} ms`);
}

/** A few people who edit a board of their own all the time, one edit after the other. */
class SteadyEdits {
  readonly #load: BoardLoad;
  readonly #timer: NodeJS.Timeout;
  readonly #edits: { sentAt: number; delayMs: number }[] = [];

  private constructor(load: BoardLoad) {
    this.#load = load;
    load.countFrom = 0;
    const { local } = load.arrivals;
    for (const client of load.clients) {
      const { onUpdate } = client;
      client.onUpdate = (frame, body) => {
        const known = local.length;
        onUpdate(frame, body);
        const now = performance.now();
        for (const delayMs of local.slice(known)) {
          this.#edits.push({ sentAt: now - delayMs, delayMs });
        }
      };
    }
    let next = 0;
    this.#timer = setInterval(() => load.senders[next++ % WRITERS]?.send(), EDIT_EVERY_MS);
  }

  static async on(site: Site): Promise<SteadyEdits> {
    const load = await BoardLoad.open(site, 'bench/beside', { clients: WRITERS + 1, witnesses: 2 });
    load.addWriters(WRITERS);
    return new SteadyEdits(load);
  }

  /** What `act` resolves to, and when it ran. */
  async during<T>(act: () => Promise<T>): Promise<Phase & { result: T }> {
    const from = performance.now();
    const result = await act();
    return { result, from, to: performance.now() };
  }

  /** Of the edits that were sent in these times, whenever they arrived. */
  delaysIn(phases: readonly Phase[]): Delays {
    const sent = this.#edits.filter(({ sentAt }) =>
      phases.some(({ from, to }) => sentAt >= from && sentAt < to),
    );
    return delaysOf(sent.map(({ delayMs }) => delayMs));
  }

  /** Stops, and resolves to what is wrong. */
  async end(): Promise<string[]> {
    clearInterval(this.#timer);
    await this.#load.untilArrived();
    const { difference } = this.#load;
    await this.#load.close();
    return difference === undefined ? [] : [difference];
  }
}
