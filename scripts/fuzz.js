// `npm run fuzz -- --rounds 1000000`: the tests with updates and frames that no client makes, for longer
// than `npm test` has time for. TEST_SEED repeats one seed.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1000000' } } });

const args = ['run', '--maxWorkers=1', 'test/fuzz'];
const child = spawn(`${root}node_modules/.bin/vitest`, args, {
  cwd: root,
  env: { ...process.env, FUZZ_ROUNDS: values.rounds },
  stdio: 'inherit',
});
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
