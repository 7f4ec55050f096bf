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
  { name: 'size of the client SDK', command: ['node', 'scripts/size.js'] },
  { name: 'reference of the client SDK', command: ['node', 'scripts/reference.js', '--check'] },
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

/** @typedef {{ resolved?: string, optionalDependencies?: Record<string, string> }} LockEntry */

/**
 * An address in the lock would pin everybody who installs from it to one registry. And `npm ci`
 * refuses a lock that lacks one platform's variant of a package, which npm writes when the registry
 * it asked has not got that variant.
 */
function checkLock() {
  /** @type {{ packages: Record<string, LockEntry> }} */
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'));
  const problems = Object.entries(packages).flatMap(([path, entry]) => [
    ...(/^(https?|git)/.test(entry.resolved ?? '')
      ? [`${path} has the address ${entry.resolved}`]
      : []),
    ...Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !isInLock(packages, path, name))
      .map((name) => `${path} may need ${name}, which has no entry`),
  ]);
  const passed = problems.length === 0;
  report('lock file is complete and names no registry', passed, '', problems.join('\n'));
  return passed;
}

/**
 * Whether the lock has the package that code at `path` gets when it imports `name`.
 * @param {Record<string, LockEntry>} packages
 * @param {string} path
 * @param {string} name
 * @returns {boolean}
 */
function isInLock(packages, path, name) {
  if (packages[`${path}${path && '/'}node_modules/${name}`] !== undefined) return true;
  if (path === '') return false;
  return isInLock(packages, path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/'))), name);
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
