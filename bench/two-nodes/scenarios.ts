import { BoardLoad } from './board-load.ts';
import type { Pair } from './contestants.ts';
import { type LoadResult, runLoad } from './load.ts';
import type { Services } from './services.ts';

/** Who does what on which boards. Half of a board's clients are on each node. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly boards: number;
  /** Per board. */
  readonly clients: number;
  /** Per board; undefined: all clients move their cursors instead. */
  readonly writers: number | undefined;
  /** Of each writer or cursor. */
  readonly perSecond: number;
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'steady',
    about: '1 board, 20 clients, 10 of them write 10/s',
    boards: 1,
    clients: 20,
    writers: 10,
    perSecond: 10,
  },
  {
    name: 'many-boards',
    about: '100 boards with 2 clients each, one on each node; one of the two writes 4/s',
    boards: 100,
    clients: 2,
    writers: 1,
    perSecond: 4,
  },
  {
    name: 'burst',
    about: '1 board, 20 clients, 10 of them write 100/s',
    boards: 1,
    clients: 20,
    writers: 10,
    perSecond: 100,
  },
  {
    name: 'presence',
    about: '1 board, 200 clients, all move their cursor once a second',
    boards: 1,
    clients: 200,
    writers: undefined,
    perSecond: 1,
  },
];

/** Real documents are compared on the first boards only: they cost the generator CPU. */
const WITNESSED_BOARDS = 3;

export async function runScenario(
  pair: Pair,
  services: Services,
  scenario: Scenario,
  times: { warmMs: number; measureMs: number },
): Promise<LoadResult> {
  const { perSecond } = scenario;
  const boards = await openBoards(pair, scenario);
  const result = await runLoad(pair, services, boards, { perSecond, ...times });
  await Promise.all(boards.map((board) => board.close()));
  return result;
}

let boardsMade = 0;

async function openBoards(
  pair: Pair,
  { name, boards, clients, writers }: Scenario,
): Promise<BoardLoad[]> {
  const loads: BoardLoad[] = [];
  for (let index = 0; index < boards; index++) {
    const witnesses = writers !== undefined && index < WITNESSED_BOARDS ? 2 : 0;
    const board = `bench/${name}-${boardsMade++}`;
    const load = await BoardLoad.open(pair, board, { clients, witnesses, firstNode: index % 2 });
    if (writers === undefined) load.addCursors();
    else load.addWriters(writers);
    loads.push(load);
  }
  return loads;
}

const WARM_UP: Scenario = {
  name: 'warm-up',
  about: 'lets the just-in-time compiler see everything once',
  boards: 4,
  clients: 10,
  writers: 5,
  perSecond: 50,
};
const WARM_UP_MS = 1_500;

export async function warmUp(pair: Pair, services: Services): Promise<void> {
  for (const scenario of [WARM_UP, { ...WARM_UP, writers: undefined }]) {
    await runScenario(pair, services, scenario, { warmMs: 0, measureMs: WARM_UP_MS });
  }
}
