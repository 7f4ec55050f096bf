// `npm run chaos -- --seeds 20`: the tests in which nodes, Redis and the network fail, for longer and
// with more seeds than `npm test` has time for. TEST_SEED repeats one seed.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
    outage: { type: 'string', default: '30' },
  },
});

const files = ['nodes', 'cluster', 'redis-away'].map((name) => `test/chaos/${name}.test.ts`);
const child = spawn(`${root}node_modules/.bin/vitest`, ['run', '--maxWorkers=1', ...files], {
  cwd: root,
  env: {
    ...process.env,
    CHAOS_SEEDS: values.seeds,
    CHAOS_SECONDS: values.seconds,
    CHAOS_OUTAGE_SECONDS: values.outage,
  },
  stdio: 'inherit',
});
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
