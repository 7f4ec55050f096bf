// `npm run check`: everything that can be said about the code without running it.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @type {{ name: string, command: string[] }[]} */
const tools = [
  {
    name: 'format, lint and import cycles',
    command: ['biome', 'check', '--error-on-warnings', '--max-diagnostics=200', '.'],
  },
  { name: 'types and import directions', command: ['tsc', '--build', '--pretty'] },
  { name: 'unused files, exports and dependencies', command: ['knip', '--no-progress'] },
];

/**
 * @param {{ name: string, command: string[] }} tool
 * @returns {Promise<boolean>}
 */
async function runTool({ name, command: [program, ...args] }) {
  const startedAt = Date.now();
  const child = spawn(`${root}node_modules/.bin/${program}`, args, { cwd: root });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
  const passed = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
  report(name, passed, `${((Date.now() - startedAt) / 1000).toFixed(1)} s`, output);
  return passed;
}

/** An address in the lock would pin everybody who installs from it to one registry. */
function checkLock() {
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'));
  const withAddress = Object.entries(packages)
    .filter(([, entry]) => /^(https?|git)/.test(entry.resolved ?? ''))
    .map(([name, entry]) => `${name}: ${entry.resolved}`);
  const passed = withAddress.length === 0;
  const advice = 'Remove them: npm install --package-lock-only with the .npmrc of this folder.';
  report('no addresses in package-lock.json', passed, '', [...withAddress, advice].join('\n'));
  return passed;
}

/**
 * @param {string} name
 * @param {boolean} passed
 * @param {string} time
 * @param {string} output
 */
function report(name, passed, time, output) {
  if (!passed) console.log(output.trimEnd());
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name} ${time}`);
}

const results = [checkLock(), ...(await Promise.all(tools.map(runTool)))];
if (results.includes(false)) process.exitCode = 1;
