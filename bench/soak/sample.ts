import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { residentKiB } from '../machine/machine.ts';
import type { Cluster } from './cluster.ts';

/** How the nodes were at a moment; of both together, except where it says the worse. */
export interface Sample {
  /** Since the load began. */
  readonly hours: number;
  readonly values: Readonly<Record<QuantityKey, number>>;
}

export type QuantityKey = (typeof quantities)[number]['key'];

/** What is looked at. `perHour`: the most that it may grow an hour; undefined: it is only reported. */
export const quantities = [
  { key: 'heapMiB', title: 'heap after a collection, MiB', perHour: 20 },
  { key: 'residentMiB', title: 'resident, MiB', perHour: 60 },
  { key: 'externalMiB', title: 'outside of the heap, MiB', perHour: 20 },
  { key: 'timers', title: 'timers', perHour: 120 },
  { key: 'handles', title: 'other active resources', perHour: 120 },
  { key: 'files', title: 'file descriptors', perHour: 120 },
  { key: 'sockets', title: 'sockets', perHour: 120 },
  { key: 'boards', title: 'boards in memory', perHour: 120 },
  { key: 'subscriptions', title: 'subscriptions of the nodes', perHour: 120 },
  { key: 'channels', title: 'channels in Redis', perHour: 120 },
  { key: 'loopP99Ms', title: 'event loop late, p99 of the worse, ms', perHour: undefined },
  { key: 'lagMs', title: 'to the other node, median, ms', perHour: undefined },
] as const satisfies readonly {
  readonly key: string;
  readonly title: string;
  readonly perHour: number | undefined;
}[];

const COLLECT_MS = 500;

/** Collects the garbage of the nodes, and looks. */
export async function takeSample(
  { nodes, redis }: Cluster,
  hours: number,
  lagMs: number,
): Promise<Sample> {
  // Before the collection, which makes the event loop late itself.
  const before = await Promise.all(nodes.map(({ url }) => readMetrics(url)));
  for (const { pid } of nodes) process.kill(pid, 'SIGUSR2');
  await delay(COLLECT_MS);
  const after = await Promise.all(nodes.map(({ url }) => readMetrics(url)));
  const resident = await Promise.all(nodes.map(({ pid }) => residentKiB(pid)));
  const files = await Promise.all(nodes.map(({ pid }) => readdir(`/proc/${pid}/fd`)));
  const sum = (name: string, label = '') => total(after.map((metrics) => metrics(name, label)));
  const timers = sum('nodejs_active_resources', 'type="Timeout"');
  return {
    hours,
    values: {
      heapMiB: sum('nodejs_heap_size_used_bytes') / 2 ** 20,
      externalMiB: sum('nodejs_external_memory_bytes') / 2 ** 20,
      residentMiB: total(resident) / 1_024,
      timers,
      handles: sum('nodejs_active_resources') - timers,
      files: total(files.map(({ length }) => length)),
      sockets: sum('tessera_sockets_open'),
      boards: sum('tessera_boards_loaded'),
      subscriptions: sum('tessera_fanout_subscriptions'),
      channels: await channelsIn(redis),
      loopP99Ms:
        1_000 * Math.max(...before.map((read) => read('nodejs_eventloop_lag_p99_seconds'))),
      lagMs,
    },
  };
}

type ReadMetric = (name: string, label?: string) => number;

async function readMetrics(url: string): Promise<ReadMetric> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return (name, label = '') => {
    const lines = text
      .split('\n')
      .filter(
        (line) =>
          /^[{ ]/.test(line.slice(name.length)) && line.startsWith(name) && line.includes(label),
      );
    return total(lines.map((line) => Number(line.slice(line.lastIndexOf(' ')))));
  };
}

/** Boards that somebody in this Redis has subscribed to; NaN while it is away. */
async function channelsIn(redis: Cluster['redis']): Promise<number> {
  try {
    const channels = await redis.command('PUBSUB', 'SHARDCHANNELS');
    return Array.isArray(channels) ? channels.length : Number.NaN;
  } catch {
    // It is being restarted: part of the load.
    return Number.NaN;
  }
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
