/**
 * Tessera beside its peers, in one run: `npm run bench [-- --quick] [--only a,b] [--peers a,b]`.
 * See README.md. It ends with exit code 1 when a run of Tessera was not what it has to be.
 */
import { parseArgs } from 'node:util';
import { contestants } from './contestants/index.ts';
import { checkGenerator } from './load/self-check.ts';
import { pin } from './machine/machine.ts';
import { startServices } from './machine/services.ts';
import { peerOf } from './report/peers.ts';
import { machineNow, type Results, versionsOf, writeResult } from './report/results.ts';
import { nameOf, writeReports } from './report/write-reports.ts';
import { runSuite } from './run-suite.ts';
import { scenarios } from './scenarios/index.ts';

/** All nodes of a contestant share a core, so that the generator has one for itself. */
const SERVER_CORE = 0;
const GENERATOR_CORE = 1;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    peers: { type: 'string' },
  },
});
const wanted = pick('only', scenarios, options.only).filter(
  ({ isQuick }) => isQuick || !options.quick || options.only !== undefined,
);
const peers = pick('peers', contestants, options.peers);

function pick<T extends { name: string }>(
  option: string,
  all: readonly T[],
  names: string | undefined,
): readonly T[] {
  if (names === undefined) return all;
  return names.split(',').map((name) => {
    const found = all.find((one) => one.name === name);
    if (found !== undefined) return found;
    throw new Error(`--${option} ${name}: there is ${all.map((one) => one.name).join(', ')}`);
  });
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const startedAt = new Date();
const services = await startServices(GENERATOR_CORE);
await pin(process.pid, GENERATOR_CORE);
const stage = { services, serverCore: SERVER_CORE };
// A part of the suite is asked for again and again while something is being worked on.
if (options.only === undefined) await checkGenerator(peers, stage);
const measured = await runSuite({
  scenarios: wanted,
  contestants: peers,
  stage,
  isQuick: options.quick,
});
const results: Results = {
  startedAt: startedAt.toISOString(),
  minutes: (Date.now() - startedAt.getTime()) / 60_000,
  command: `npm run bench${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(' ')}` : ''}`,
  machine: machineNow(),
  versions: await versionsOf(services.postgresVersion),
  scenarios: measured,
};
await services.close();
const name = nameOf(results);
const json = await writeResult(`${name}.json`, `${JSON.stringify(results, undefined, 1)}\n`);
console.log(`${await writeReports(results, name)}\n${json}`);
const ours = measured
  .flatMap(({ runs }) => runs)
  .filter(({ name }) => peerOf(name).part === 'tessera')
  .flatMap(({ outcomes }) => outcomes);
process.exit(ours.some(({ faults }) => faults.length > 0) ? 1 : 0);
