import type { ScenarioResult } from './results.ts';

/** How a contestant is shown. */
export interface Peer {
  /** Where there is little room. */
  readonly short: string;
  /** `floor`: it does the least there is to do. */
  readonly part: 'tessera' | 'peer' | 'floor';
  readonly nodes: 1 | 2;
}

const peers: Readonly<Record<string, Peer>> = {
  'tessera-embedded': { short: 'Tessera, embedded', part: 'tessera', nodes: 1 },
  'tessera-postgres': { short: 'Tessera', part: 'tessera', nodes: 1 },
  'tessera-two-nodes': { short: 'Tessera, 2 nodes', part: 'tessera', nodes: 2 },
  hocuspocus: { short: 'Hocuspocus', part: 'peer', nodes: 1 },
  'hocuspocus-postgres': { short: 'Hocuspocus + PG', part: 'peer', nodes: 1 },
  'hocuspocus-two-nodes': { short: 'Hocuspocus, 2 nodes', part: 'peer', nodes: 2 },
  'y-websocket': { short: 'y-websocket', part: 'peer', nodes: 1 },
  relay: { short: 'relay, send', part: 'peer', nodes: 1 },
  'relay-frame-once': { short: 'relay, one frame', part: 'floor', nodes: 1 },
};

/** Names of contestants, in the order of the tables. */
export const peerNames: readonly string[] = Object.keys(peers);

export function peerOf(name: string): Peer {
  return peers[name] ?? { short: name, part: 'peer', nodes: 1 };
}

export type Run = ScenarioResult['runs'][number];

/**
 * Whom a contestant's figure is compared to: stock Hocuspocus with as many nodes. In memory, unless it
 * does not take part in the scenario without a database.
 */
export function stockFor(name: string, key: string, runs: readonly Run[]): Run | undefined {
  const names = peerOf(name).nodes === 2 ? ['hocuspocus-two-nodes'] : ONE_NODE_STOCK;
  const stock = names.flatMap((one) => runs.find((run) => run.name === one && has(run, key)) ?? []);
  return stock[0];
}

/** The relay that does the least there is to do. It has one node. */
export function floorFor(name: string, key: string, runs: readonly Run[]): Run | undefined {
  if (peerOf(name).nodes === 2) return undefined;
  return runs.find((run) => peerOf(run.name).part === 'floor' && has(run, key));
}

export function has({ outcomes }: Pick<Run, 'outcomes'>, key: string): boolean {
  return outcomes.some(({ figures }) => Number.isFinite(figures[key]));
}

const ONE_NODE_STOCK = ['hocuspocus', 'hocuspocus-postgres'];
