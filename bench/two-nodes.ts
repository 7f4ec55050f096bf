/**
 * Two nodes of Tessera beside two nodes of stock Hocuspocus with its Redis and Database extensions:
 * `node bench/two-nodes.ts [--quick] [--only NAME] [--contestant NAME]`. See README.md.
 */
import { parseArgs } from 'node:util';
import { type Contestant, type Pair, stock, tessera } from './two-nodes/contestants.ts';
import { runLeaving } from './two-nodes/leaving.ts';
import type { LoadResult } from './two-nodes/load.ts';
import { pin, untilQuiet } from './two-nodes/machine.ts';
import { runMemory } from './two-nodes/memory.ts';
import { comparisonTables, isDisturbed, leavingTable, memoryTable } from './two-nodes/report.ts';
import { runScenario, scenarios, warmUp } from './two-nodes/scenarios.ts';
import { type Services, startServices } from './two-nodes/services.ts';

/** Both nodes of a pair share a core, so that the generator has one for itself. */
const SERVER_CORE = 0;
const GENERATOR_CORE = 1;
const SERVICE_CORE = 1;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    contestant: { type: 'string' },
  },
});
const plan = options.quick
  ? {
      rounds: 1,
      attempts: 1,
      warmMs: 1_000,
      measureMs: 3_000,
      memoryScale: 0.5,
      stockLeaving: false,
    }
  : { rounds: 3, attempts: 3, warmMs: 1_500, measureMs: 5_000, memoryScale: 1, stockLeaving: true };

const all: Record<string, Contestant> = { tessera, stock };
const contestants = Object.entries(all).filter(
  ([name]) => options.contestant === undefined || options.contestant === name,
);
const names = [...scenarios.map(({ name }) => name), 'leaving', 'memory'];
if (options.only !== undefined && !names.includes(options.only)) {
  throw new Error(`--only ${options.only}: there is ${names.join(', ')}`);
}
if (contestants.length === 0) {
  throw new Error(`--contestant ${options.contestant}: there is ${Object.keys(all).join(', ')}`);
}
const isWanted = (name: string) => options.only === undefined || options.only === name;
const wantedScenarios = scenarios.filter(({ name }) => isWanted(name));

/** Every contestant in every scenario, by turns, `rounds` times with new processes. */
async function compare(services: Services): Promise<void> {
  const results = new Map(
    wantedScenarios.map((scenario) => [scenario, new Map<string, LoadResult[]>()]),
  );
  for (let round = 0; round < plan.rounds; round++) {
    const pairs: Pair[] = [];
    for (const [, start] of contestants) pairs.push(await start(services, SERVER_CORE));
    for (const pair of pairs) await warmUp(pair, services);
    for (const [scenario, runs] of results) {
      for (const pair of pairs) {
        const result = await undisturbed(() => runScenario(pair, services, scenario, plan));
        runs.set(pair.name, [...(runs.get(pair.name) ?? []), result]);
        progress(
          `round ${round + 1}, ${scenario.name}, ${pair.name}: p50 ${result.cross.p50.toFixed(2)} ms`,
        );
      }
    }
    await Promise.all(pairs.map((pair) => pair.stop()));
  }
  for (const [scenario, runs] of results) console.log(`\n${comparisonTables({ scenario, runs })}`);
}

/** Measures again while other programs take too much of the machine, but not for ever. */
async function undisturbed(measure: () => Promise<LoadResult>): Promise<LoadResult> {
  for (let attempt = 1; ; attempt++) {
    await untilQuiet();
    const result = await measure();
    if (!isDisturbed(result) || attempt === plan.attempts) return result;
  }
}

function progress(text: string): void {
  if (process.stderr.isTTY || process.env['DEBUG']) console.error(text);
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const services = await startServices(SERVICE_CORE);
await pin(process.pid, GENERATOR_CORE);
if (wantedScenarios.length > 0) await compare(services);
if (isWanted('leaving')) {
  const results = [];
  for (const [name, start] of contestants) {
    if (name === 'tessera' || plan.stockLeaving) {
      results.push(await runLeaving(start, services, SERVER_CORE));
    }
  }
  if (results.length > 0) console.log(`\n${leavingTable(results)}`);
}
if (isWanted('memory')) {
  // Of the peer only when it is asked for by name.
  const measured =
    options.contestant === undefined ? [tessera] : contestants.map(([, start]) => start);
  for (const start of measured) {
    const results = await runMemory(start, services, SERVER_CORE, plan.memoryScale);
    console.log(`\n${memoryTable(results)}`);
  }
}
await services.close();
process.exit();
