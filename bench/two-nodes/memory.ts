import { setTimeout as delay } from 'node:timers/promises';
import { BoardLoad } from './board-load.ts';
import { type Pair, tessera } from './contestants.ts';
import { residentKiB } from './machine.ts';
import type { Services } from './services.ts';

/** Boards and clients that are open and idle. */
interface Idle {
  readonly boards: number;
  readonly clientsPerBoard: number;
  readonly widgetsPerBoard: number;
}

export interface MemoryResult extends Idle {
  /** Growth of both nodes together since before the first of these connections. */
  readonly grownKiB: number;
}

/** Long enough for the garbage of opening to be collected, and for timers of a few seconds to be done. */
const SETTLE_MS = 4_000;
const AT_ONCE = 20;

/** Resident memory of two nodes that hold many idle connections, or many boards. */
export async function runMemory(
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
    const pair = await tessera(services, core);
    // What every node needs once, whatever it serves.
    await closeAll(await openAll(pair, { ...shape, boards: AT_ONCE }, 'first'));
    await delay(SETTLE_MS);
    const before = await residentOf(pair);
    const loads = await openAll(pair, shape, 'idle');
    await delay(SETTLE_MS);
    results.push({ ...shape, grownKiB: (await residentOf(pair)) - before });
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

async function residentOf(pair: Pair): Promise<number> {
  const sizes = await Promise.all(pair.pids.map(residentKiB));
  return sizes.reduce((sum, size) => sum + size, 0);
}
