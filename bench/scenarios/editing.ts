import type { Site, Stage } from '../contestants/contestant.ts';
import { BoardLoad } from '../load/board-load.ts';
import { type LoadResult, runLoad } from '../load/load.ts';
import type { Figure, Outcome, Scenario, Scene } from './scenario.ts';

/** Who does what on which boards. With two nodes, half of a board's clients are on each. */
export interface Shape {
  readonly boards: number;
  /** Per board. */
  readonly clients: number;
  /** Per board; undefined: all clients move their cursors instead. */
  readonly writers: number | undefined;
  /** Of each writer or cursor. */
  readonly perSecond: number;
}

interface Times {
  readonly warmMs: number;
  readonly measureMs: number;
}

const costs: readonly Figure[] = [
  { key: 'cpuPerUpdateUs', title: 'CPU an update', unit: 'µs', digits: 0 },
  { key: 'cpuPerFrameUs', title: 'CPU a delivery', unit: 'µs', digits: 2 },
  { key: 'cpuShare', title: 'of a core', unit: '%', digits: 1 },
  { key: 'residentMiB', title: 'resident', unit: 'MiB', digits: 0 },
];
const delays: readonly Figure[] = [
  { key: 'delayP50Ms', title: 'delay p50', unit: 'ms', digits: 2 },
  { key: 'delayP95Ms', title: 'p95', unit: 'ms', digits: 2 },
  { key: 'delayP99Ms', title: 'p99', unit: 'ms', digits: 2 },
  { key: 'crossP50Ms', title: 'other node p50', unit: 'ms', digits: 2 },
  { key: 'crossP99Ms', title: 'p99', unit: 'ms', digits: 2 },
];
const acks: readonly Figure[] = [
  { key: 'ackP50Ms', title: 'ack p50', unit: 'ms', digits: 2 },
  { key: 'ackP99Ms', title: 'p99', unit: 'ms', digits: 2 },
];
const database: readonly Figure[] = [
  { key: 'commitsPerUpdate', title: 'commits an update', unit: '', digits: 2 },
  { key: 'walPerUpdate', title: 'WAL an update', unit: 'B', digits: 0 },
];

const oneNode = [
  'tessera-embedded',
  'tessera-postgres',
  'hocuspocus',
  'hocuspocus-postgres',
  'y-websocket',
  'relay',
  'relay-frame-once',
];
const twoNodes = ['tessera-two-nodes', 'hocuspocus-two-nodes'];
const short = ['tessera-postgres', 'hocuspocus', 'y-websocket', 'relay-frame-once'];

/** In editing scenarios of other files as well. */
export const editFigures: readonly Figure[] = [...costs, ...delays, ...acks, ...database];

export const editing: readonly Scenario[] = [
  edits(
    'steady',
    { boards: 1, clients: 50, writers: 10, perSecond: 10 },
    {
      contestants: [...oneNode, ...twoNodes],
      rounds: 2,
      isQuick: true,
    },
  ),
  edits(
    'burst',
    { boards: 1, clients: 20, writers: 10, perSecond: 300 },
    {
      contestants: [...oneNode, ...twoNodes],
      rounds: 1,
    },
  ),
  edits(
    'many-boards',
    { boards: 500, clients: 2, writers: 1, perSecond: 4 },
    {
      contestants: [...oneNode, ...twoNodes],
      rounds: 2,
    },
  ),
  edits(
    'observers-500',
    { boards: 1, clients: 501, writers: 1, perSecond: 25 },
    {
      contestants: ['tessera-postgres', 'hocuspocus', 'y-websocket', 'relay', 'relay-frame-once'],
      rounds: 2,
    },
  ),
  edits(
    'observers-1500',
    { boards: 1, clients: 1_501, writers: 1, perSecond: 25 },
    {
      contestants: short,
      rounds: 1,
    },
  ),
  presence('presence-200', { clients: 200, perSecond: 1 }, [...short, ...twoNodes], 1),
  presence('presence-500', { clients: 500, perSecond: 1 }, short, 2),
  presence('presence-200-fast', { clients: 200, perSecond: 10 }, short, 1),
  presence('presence-500-fast', { clients: 500, perSecond: 10 }, short, 1),
];

type Part = Pick<Scenario, 'contestants' | 'rounds'> & Partial<Pick<Scenario, 'isQuick'>>;

function edits(name: string, shape: Shape, part: Part): Scenario {
  const { boards, clients, writers, perSecond } = shape;
  return {
    name,
    about: `${count(boards, 'board')} × ${clients} clients, ${writers === 1 ? 'one writes' : `${writers} write`} ${perSecond}/s each`,
    figures: editFigures,
    isQuick: false,
    ...part,
    run: (scene) => runShape(scene, name, shape),
  };
}

function presence(
  name: string,
  { clients, perSecond }: { clients: number; perSecond: number },
  contestants: readonly string[],
  rounds: number,
): Scenario {
  const shape = { boards: 1, clients, writers: undefined, perSecond };
  return {
    name,
    about: `1 board × ${clients} clients, all move their cursor ${perSecond}/s`,
    figures: [...costs, ...delays],
    contestants,
    rounds,
    isQuick: name === 'presence-200',
    // What a server that cannot keep up has not sent yet would fall into the next run.
    isHeavy: true,
    run: (scene) => runShape(scene, name, shape),
  };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

const FULL: Times = { warmMs: 1_000, measureMs: 3_000 };
const QUICK: Times = { warmMs: 500, measureMs: 1_000 };

/** Measures a shape on the site of the round. */
export async function runShape(scene: Scene, name: string, shape: Shape): Promise<Outcome> {
  const site = await scene.site();
  return outcomeOf(
    await runEditing(site, scene.stage, name, shape, scene.isQuick ? QUICK : FULL),
    shape,
  );
}

/** Real documents are compared on the first boards only: they cost the generator CPU. */
const WITNESSED_BOARDS = 3;

async function runEditing(
  site: Site,
  stage: Stage,
  name: string,
  shape: Shape,
  times: Times,
): Promise<LoadResult> {
  const boards = await openBoards(site, name, shape);
  const result = await runLoad(site, stage.services, boards, {
    perSecond: shape.perSecond,
    ...times,
  });
  await Promise.all(boards.map((board) => board.close()));
  return result;
}

let boardsMade = 0;
const BOARDS_AT_ONCE = 20;

async function openBoards(
  site: Site,
  name: string,
  { boards, clients, writers }: Shape,
): Promise<BoardLoad[]> {
  const loads: BoardLoad[] = [];
  while (loads.length < boards) {
    const batch = Array.from(
      { length: Math.min(BOARDS_AT_ONCE, boards - loads.length) },
      (_, at) => {
        const index = loads.length + at;
        const witnesses = writers !== undefined && index < WITNESSED_BOARDS ? 2 : 0;
        const board = `bench/${name}-${boardsMade++}`;
        return BoardLoad.open(site, board, { clients, witnesses, firstNode: index % 2 });
      },
    );
    loads.push(...(await Promise.all(batch)));
  }
  for (const load of loads) {
    if (writers === undefined) load.addCursors();
    else load.addWriters(writers);
  }
  return loads;
}

function outcomeOf(result: LoadResult, { clients }: Shape): Outcome {
  const { cross, local, ack, sent } = result;
  const cpuUs = result.serverMs * 1_000;
  return {
    figures: {
      cpuPerUpdateUs: cpuUs / sent,
      cpuPerFrameUs: cpuUs / sent / (clients - 1),
      cpuShare: result.serverMs / result.seconds / 10,
      residentMiB: result.residentMiB,
      delayP50Ms: local.p50,
      delayP95Ms: local.p95,
      delayP99Ms: local.p99,
      crossP50Ms: cross.p50,
      crossP99Ms: cross.p99,
      ackP50Ms: ack.p50,
      ackP95Ms: ack.p95,
      ackP99Ms: ack.p99,
      ...(result.database && {
        commitsPerUpdate: result.database.commits / sent,
        walPerUpdate: result.database.walBytes / sent,
      }),
    },
    faults: result.faults,
    generatorShare: result.generatorShare,
    othersShare: result.othersShare,
  };
}

const WARM_UP: Shape = { boards: 4, clients: 10, writers: 5, perSecond: 250 };
const WARM_UP_TIMES: Times = { warmMs: 0, measureMs: 2_000 };
const QUICK_WARM_UP_TIMES: Times = { warmMs: 0, measureMs: 500 };

/** Lets the just-in-time compiler see everything, thousands of times. */
export async function warmUp(site: Site, stage: Stage, isQuick: boolean): Promise<void> {
  const times = isQuick ? QUICK_WARM_UP_TIMES : WARM_UP_TIMES;
  for (const shape of [WARM_UP, { ...WARM_UP, writers: undefined, perSecond: 50 }]) {
    await runEditing(site, stage, 'warm-up', shape, times);
  }
}
