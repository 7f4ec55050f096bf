/**
 * Where a node of Tessera spends its time in a scenario of `scenarios/editing.ts`:
 * `node bench/profile.ts many-boards [tessera-postgres]` writes a flame graph, `profiles/many-boards.svg`.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../test/support/wait.ts';
import { contestants } from './contestants/index.ts';
import { pin } from './machine/machine.ts';
import { startServices } from './machine/services.ts';
import { flameGraph } from './report/flame.ts';
import { editing, warmUp } from './scenarios/editing.ts';

const SERVER_CORE = 0;
const GENERATOR_CORE = 1;
/** The measured time of a scenario is its end. */
const LAST_S = 3;
const WRITTEN_WITHIN_MS = 20_000;

const [scenarioName = '', contestantName = 'tessera-postgres'] = process.argv.slice(2);
const scenario = editing.find(({ name }) => name === scenarioName);
const contestant = contestants.find(({ name }) => name === contestantName);
if (scenario === undefined || contestant === undefined) {
  const names = editing.map(({ name }) => name).join(', ');
  throw new Error(
    `no scenario ${scenarioName} or no contestant ${contestantName}: there is ${names}`,
  );
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const file = join(tmpdir(), `tessera-${process.pid}.cpuprofile`);
const preload = new URL('machine/profile-on-signal.js', import.meta.url).href;
const services = await startServices(GENERATOR_CORE);
await pin(process.pid, GENERATOR_CORE);
const stage = { services, serverCore: SERVER_CORE };
const env = { NODE_OPTIONS: `--import ${preload}`, PROFILE_FILE: file };
const site = await contestant.start(stage, env);
const [node = Number.NaN] = site.pids;
await warmUp(site, stage, false);
process.kill(node, 'SIGUSR2');
await scenario.run({ contestant, stage, isQuick: false, site: async () => site });
process.kill(node, 'SIGUSR2');
let profile = '';
await eventually(
  async () => {
    profile = await readFile(file, 'utf8');
    return profile.endsWith('}');
  },
  { timeoutMs: WRITTEN_WITHIN_MS, what: 'the profile to be written' },
);
await rm(file);
await site.stop();
await services.close();

const folder = new URL('profiles/', import.meta.url);
await mkdir(folder, { recursive: true });
const picture = new URL(`${scenarioName}.svg`, folder);
await writeFile(
  picture,
  flameGraph(JSON.parse(profile), `${scenarioName}, ${contestantName}`, LAST_S),
);
console.log(fileURLToPath(picture));
process.exit();
