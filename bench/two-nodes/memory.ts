import { setTimeout as delay } from 'node:timers/promises';
import { BoardLoad } from './board-load.ts';
import type { Contestant, Pair } from './contestants.ts';
import { residentKiB } from './machine.ts';
import type { Services } from './services.ts';

/** Boards and clients that are open and idle. */
interface Idle {
  readonly boards: number;
  readonly clientsPerBoard: number;
  readonly widgetsPerBoard: number;
}

export interface MemoryResult extends Idle {
  readonly server: string;
  /** Growth of both nodes together since before the first of these connections. */
  readonly grownKiB: number;
  /** The same after a garbage collection: what is really held. V8 leaves some tens of MiB lying in each node. */
  readonly heldKiB: number;
}

/** Long enough for the garbage of opening to be collected, and for timers of a few seconds to be done. */
const SETTLE_MS = 2_000;
const COLLECT_MS = 1_000;
const AT_ONCE = 20;

const collector = new URL('collect-garbage.js', import.meta.url).href;

/** Resident memory of two nodes that hold many idle connections, or many boards. */
export async function runMemory(
  start: Contestant,
  services: Services,
  core: number,
  scale: number,
): Promise<MemoryResult[]> {
  const shapes: Idle[] = [
    { boards: 200 * scale, clientsPerBoard: 10, widgetsPerBoard: 10 },
    { boards: 1_000 * scale, clientsPerBoard: 1, widgetsPerBoard: 10 },
  ];
  const results: MemoryResult[] = [];
  for (const shape of shapes) {
    const pair = await start(services, core, { NODE_OPTIONS: `--import ${collector}` });
    // What every node needs once, whatever it serves.
    await closeAll(await openAll(pair, { ...shape, boards: AT_ONCE }, 'first'));
    await delay(SETTLE_MS);
    const before = await collected(pair);
    const loads = await openAll(pair, shape, 'idle');
    await delay(SETTLE_MS);
    const grownKiB = (await residentOf(pair)) - before;
    const heldKiB = (await collected(pair)) - before;
    results.push({ ...shape, server: pair.name, grownKiB, heldKiB });
    await closeAll(loads);
    await pair.stop();
  }
  return results;
}

async function openAll(pair: Pair, shape: Idle, name: string): Promise<BoardLoad[]> {
  const loads: BoardLoad[] = [];
  while (loads.length < shape.boards) {
    const count = Math.min(AT_ONCE, shape.boards - loads.length);
    const batch = Array.from({ length: count }, async (_, index) => {
      const load = await BoardLoad.open(pair, `${name}/${loads.length + index}`, {
        clients: shape.clientsPerBoard,
        witnesses: 0,
        firstNode: index % 2,
      });
      load.addWriters(1, shape.widgetsPerBoard);
      for (const sender of load.senders) sender.send();
      await load.untilArrived();
      return load;
    });
    loads.push(...(await Promise.all(batch)));
  }
  return loads;
}

async function closeAll(loads: readonly BoardLoad[]): Promise<void> {
  await Promise.all(loads.map((load) => load.close()));
}

async function collected(pair: Pair): Promise<number> {
  for (const pid of pair.pids) process.kill(pid, 'SIGUSR2');
  await delay(COLLECT_MS);
  return residentOf(pair);
}

async function residentOf(pair: Pair): Promise<number> {
  const sizes = await Promise.all(pair.pids.map(residentKiB));
  return sizes.reduce((sum, size) => sum + size, 0);
}
