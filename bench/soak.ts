/**
 * Two nodes under a mixed load with churn, and whether anything grows without end:
 * `npm run soak -- --minutes 30`. Exit code 1 if something leaks or gets lost. See README.md.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { expectSound } from '../test/support/tessera.ts';
import { eventually } from '../test/support/wait.ts';
import { machineNow, writeResult } from './report/results.ts';
import { type Cluster, startCluster } from './soak/cluster.ts';
import { Load } from './soak/load.ts';
import { Person } from './soak/person.ts';
import type { Left } from './soak/room.ts';
import { type Sample, takeSample } from './soak/sample.ts';
import { type SoakResult, soakReport } from './soak/soak-report.ts';
import { judgeSoak } from './soak/verdict.ts';

const SAMPLE_MS = 5_000;
const WARM_MS = 40_000;
/** And at least once. */
const REDIS_EVERY_MS = 5 * 60_000;
const EMPTY_WITHIN_MS = 45_000;
/** Until what a node puts off is done too: its pool closes idle connections to PostgreSQL after 10 s. */
const REST_MS = 15_000;
const CHECKED_BOARDS = 50;
/** Shorter ones are tries, which git ignores. */
const KEPT_FROM_MINUTES = 30;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    // What the nodes run instead of the command line: to see that a leak is found.
    script: { type: 'string' },
  },
});
const minutes = Number(options.minutes);
if (!(minutes > 0)) throw new Error(`--minutes ${options.minutes}: name a number above 0`);

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const startedAt = new Date().toISOString();
const cluster = await startCluster(options.script);
const faults: string[] = [];

// What is made once, whatever the load, is there before the first look.
const warmUp = new Load(cluster, 'warm', WARM_MS / 2);
await delay(WARM_MS);
await warmUp.stop();
const before = await atRest(cluster);

const load = new Load(cluster, 'load', Math.min(REDIS_EVERY_MS, minutes * 30_000));
const during: Sample[] = [];
const beganAt = performance.now();
const hours = () => (performance.now() - beganAt) / 3_600_000;
while (hours() * 60 < minutes) {
  await delay(SAMPLE_MS);
  const lags = load.lagsMs.splice(0).sort((a, b) => a - b);
  during.push(await takeSample(cluster, hours(), lags[Math.floor(lags.length / 2)] ?? Number.NaN));
  progress(during.at(-1));
}
await load.stop();
const after = await atRest(cluster);
faults.push(...warmUp.faults, ...load.faults);

const checked = [...warmUp.left, ...load.left].slice(-CHECKED_BOARDS);
for (const left of checked) await attempt(() => expectKept(left));
const codes = await cluster.stopNodes();
if (codes.some((code) => code !== 0))
  faults.push(`nodes ended with exit codes ${codes.join(', ')}`);
await attempt(() => expectSound(cluster.databaseUrl));
await cluster.close();

const result: SoakResult = {
  startedAt,
  minutes,
  machine: machineNow(),
  findings: judgeSoak({ before, during, after }),
  faults,
  boardsChecked: checked.length,
};
const report = soakReport(result);
console.log(report);
const name = `soak-${startedAt.slice(0, 16).replace(':', '')}${minutes < KEPT_FROM_MINUTES ? '-part' : ''}`;
console.log(await writeResult(`${name}.md`, report));
const isSound = faults.length === 0 && result.findings.every(({ leak }) => leak === undefined);
process.exit(isSound ? 0 : 1);

/** How the nodes are when everybody has left; what is still there then is reported, and no reason to wait for ever. */
async function atRest(of: Cluster): Promise<Sample> {
  const look = () => takeSample(of, 0, Number.NaN);
  const isEmpty = async () => {
    const { sockets, boards, subscriptions } = (await look()).values;
    return sockets + boards + subscriptions === 0;
  };
  await attempt(() =>
    eventually(isEmpty, { timeoutMs: EMPTY_WITHIN_MS, what: 'sockets and boards to be gone' }),
  );
  await delay(REST_MS);
  return look();
}

/** Somebody who opens the board anew has what was seen there. */
async function expectKept({ board, content }: Left): Promise<void> {
  const person = new Person(cluster.nodes[0]?.url ?? '', board);
  await person.arrived();
  const found = person.content;
  await person.leave();
  if (found !== content) throw new Error(`${board} does not hold what its people saw`);
}

async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
}

function progress(sample: Sample | undefined): void {
  if (sample === undefined || !(process.stderr.isTTY || process.env['DEBUG'])) return;
  const values = Object.entries(sample.values).map(([key, value]) => `${key} ${value.toFixed(0)}`);
  console.error(`${(sample.hours * 60).toFixed(1)} min: ${values.join(', ')}`);
}
