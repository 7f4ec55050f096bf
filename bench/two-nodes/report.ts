import type { LeavingResult } from './leaving.ts';
import type { LoadResult } from './load.ts';
import type { MemoryResult } from './memory.ts';
import type { Scenario } from './scenarios.ts';
import { spreadOf } from './statistics.ts';

/** All runs of one scenario, by the name of the server; run `n` of each took place beside the others'. */
export interface Comparison {
  readonly scenario: Scenario;
  readonly runs: ReadonlyMap<string, readonly LoadResult[]>;
}

/** One figure: how to get it from a run, and how many digits it deserves. */
interface Column {
  readonly title: string;
  readonly of: (run: LoadResult) => number;
  readonly digits: number;
}

const perUpdate = (of: (run: LoadResult) => number) => (run: LoadResult) => of(run) / run.sent;

const delayColumns: Column[] = [
  { title: 'other node p50 ms', of: (run) => run.cross.p50, digits: 2 },
  { title: 'p95', of: (run) => run.cross.p95, digits: 2 },
  { title: 'p99', of: (run) => run.cross.p99, digits: 2 },
  { title: 'same node p50', of: (run) => run.local.p50, digits: 2 },
  { title: 'p99', of: (run) => run.local.p99, digits: 2 },
];
const ackColumns: Column[] = [
  { title: 'ack p50', of: (run) => run.ack.p50, digits: 2 },
  { title: 'p99', of: (run) => run.ack.p99, digits: 2 },
];
const costColumns: Column[] = [
  { title: 'sent/s', of: (run) => run.sent / run.seconds, digits: 0 },
  { title: 'a node, % of a core', of: (run) => run.serverMs / run.seconds / 10 / 2, digits: 1 },
  { title: 'both nodes, µs each', of: perUpdate((run) => run.serverMs * 1_000), digits: 0 },
  { title: 'PostgreSQL, %', of: (run) => run.postgresMs / run.seconds / 10, digits: 1 },
  { title: 'commits each', of: perUpdate((run) => run.commits), digits: 2 },
  { title: 'ms of PostgreSQL a commit', of: (run) => run.postgresMs / run.commits, digits: 2 },
  { title: 'bytes of WAL each', of: perUpdate((run) => run.walBytes), digits: 0 },
  { title: 'Redis, %', of: (run) => run.redisMs / run.seconds / 10, digits: 1 },
  { title: 'generator, %', of: (run) => run.generatorShare * 100, digits: 0 },
];

/** A generator that is busier than this measures itself. */
const MAX_GENERATOR_SHARE = 0.85;
const MAX_OTHERS_SHARE = 0.15;

/** The comparison as Markdown tables: medians over the runs, with the lowest and highest run. */
export function comparisonTables({ scenario, runs }: Comparison): string {
  const isPresence = scenario.writers === undefined;
  const delays = isPresence ? delayColumns : [...delayColumns, ...ackColumns];
  const notes = [...runs].flatMap(([server, results]) =>
    results.flatMap((run, index) =>
      notesOn(run).map((note) => `- ${server}, run ${index + 1}: ${note}`),
    ),
  );
  return [
    `### ${scenario.name}: ${scenario.about}`,
    table(runs, delays),
    table(runs, costColumns),
    ...(notes.length > 0 ? [notes.join('\n')] : []),
  ].join('\n\n');
}

/** Whether other programs on the machine took so much of it that the figures mean little. */
export function isDisturbed(run: LoadResult): boolean {
  return run.othersShare > MAX_OTHERS_SHARE;
}

function notesOn(run: LoadResult): string[] {
  const notes = [...run.faults];
  if (run.generatorShare > MAX_GENERATOR_SHARE) {
    notes.push(
      `the generator used ${percent(run.generatorShare)} of its core: the delays are its own`,
    );
  }
  if (isDisturbed(run)) {
    notes.push(`other programs used ${percent(run.othersShare)} of a core: disturbed`);
  }
  return notes;
}

function table(runs: Comparison['runs'], columns: Column[]): string {
  const rows = [...runs].map(([server, results]) => [
    server,
    ...columns.map(({ of, digits }) => figure(results.map(of), digits)),
  ]);
  const [first = [], second = []] = [...runs.values()];
  if (runs.size === 2) {
    const ratios = columns.map(({ of }) => {
      const each = first.map((run, index) => ratio(of(run), second[index] && of(second[index])));
      return figure(each, 2);
    });
    rows.push([`${[...runs.keys()].join(' ÷ ')}`, ...ratios]);
  }
  return markdownTable(['', ...columns.map(({ title }) => title)], rows);
}

function ratio(one: number, other: number | undefined): number {
  return other === undefined || other === 0 ? Number.NaN : one / other;
}

export function leavingTable(results: readonly LeavingResult[]): string {
  const seconds = (ms: readonly number[]) => {
    const { median, high } = spreadOf([...ms]);
    return `${(median / 1_000).toFixed(2)} (last ${(high / 1_000).toFixed(2)})`;
  };
  const rows = results.map(({ server, closedTabMs, killedNodeMs }) => [
    server,
    seconds(closedTabMs),
    seconds(killedNodeMs),
  ]);
  const title = '### leaving: until somebody on the other node sees them gone, s';
  return `${title}\n\n${markdownTable(['', 'closed tab', 'SIGKILL to their node'], rows)}`;
}

export function memoryTable(results: readonly MemoryResult[]): string {
  const rows = results.map((result) => {
    const { server, boards, clientsPerBoard, widgetsPerBoard, grownKiB, heldKiB } = result;
    const clients = boards * clientsPerBoard;
    const what = `${server}: ${clients} connections on ${boards} boards of ${widgetsPerBoard} widgets`;
    return [what, ...[grownKiB / clients, heldKiB / clients].map((kib) => kib.toFixed(0))];
  });
  const head = ['', 'KiB per connection', 'after a garbage collection'];
  const title = '### memory: resident, both nodes together, idle connections';
  return `${title}\n\n${markdownTable(head, rows)}\n\n${sharesOfMemory(results)}`;
}

/** A board with clients on both nodes is loaded twice; two shapes tell connections and boards apart. */
function sharesOfMemory([many, single]: readonly MemoryResult[]): string {
  if (many === undefined || single === undefined) return '';
  // many = connections · c + 2 · boards · b, and single = boards · (c + b)
  const perBoard = single.heldKiB / single.boards;
  const connections = many.boards * many.clientsPerBoard;
  const board = (connections * perBoard - many.heldKiB) / (connections - 2 * many.boards);
  return `So a connection takes ${(perBoard - board).toFixed(0)} KiB and a loaded board ${board.toFixed(0)} KiB.`;
}

function figure(values: number[], digits: number): string {
  const { median, low, high } = spreadOf(values);
  if (Number.isNaN(median)) return '–';
  if (values.length === 1) return median.toFixed(digits);
  return `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function markdownTable(head: string[], rows: string[][]): string {
  const lines = [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
