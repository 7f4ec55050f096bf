// Runs before `npm start` and `npm test`: makes sure that what they need is there, and is quick when
// it is. Plain JavaScript without dependencies, because it may be the first thing to run on a fresh
// clone, on whatever Node is installed there (20 or newer).

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What the tests run that npm does not have: the program, and the package that Debian has it in. */
const programs = [
  { program: 'redis-server', debianPackage: 'redis-server' },
  { program: 'chromium', debianPackage: 'chromium' },
  { program: 'haproxy', debianPackage: 'haproxy' },
  { program: 'docker-compose', debianPackage: 'docker-compose' },
];

/** @param {string} text */
function say(text) {
  console.log(`prepare: ${text}`);
}

/**
 * @param {string} what
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
function run(what, command, args, env = {}) {
  const startedAt = Date.now();
  say(`${what} (${command} ${args.join(' ')})`);
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status !== 0) {
    const output = [result.stdout, result.stderr, result.error?.message].filter(Boolean).join('\n');
    stop(`${output.trim()}\n${what} failed: ${command} ${args.join(' ')}`);
  }
  say(`done in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

/**
 * @param {string} reason
 * @returns {never}
 */
function stop(reason) {
  console.error(`prepare: ${reason}`);
  process.exit(1);
}

/**
 * When the file was last written, in ms; 0 if it does not exist.
 * @param {string} path
 */
function writtenAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * When the newest file under the folder was last written, in ms.
 * @param {string} folder
 * @returns {number}
 */
function newestIn(folder) {
  return Math.max(
    0,
    ...readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.name !== 'dist' && entry.name !== 'node_modules')
      .map((entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? newestIn(path) : writtenAt(path);
      }),
  );
}

function installPackages() {
  // npm writes this file at the end of an install, so an interrupted one counts as none.
  if (writtenAt('node_modules/.package-lock.json') >= writtenAt('package-lock.json')) return;
  // The Node it runs on is a development dependency, which npm leaves out when NODE_ENV=production.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  run('installing npm packages', 'npm', args);
}

/** The examples that a node serves, as far as they are older than what they are made of. */
function buildExamples() {
  const shared = Math.max(
    writtenAt('package-lock.json'),
    ...['examples/design', 'model/src', 'client-sdk'].map(newestIn),
  );
  const stale = readdirSync(join(root, 'examples')).filter((name) => {
    const folder = `examples/${name}`;
    if (writtenAt(`${folder}/vite.config.ts`) === 0) return false;
    return writtenAt(`${folder}/dist`) < Math.max(shared, newestIn(folder));
  });
  if (stale.length === 0) return;
  run('building the examples', 'npm', ['run', '--silent', 'build:examples', '--', ...stale]);
}

/** @param {string} program */
function isInstalled(program) {
  // Debian has daemons where the PATH of a plain user does not look.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}

function installPrograms() {
  const missing = programs.filter(({ program }) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = missing.map(({ debianPackage }) => debianPackage);
  const names = missing.map(({ program }) => program).join(' and ');
  const command = `apt-get install -y ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    stop(
      `the tests need ${names}, which cannot be found on the PATH.\n` +
        `Install it, on Debian as root with: apt-get update && ${command}`,
    );
  }
  // The run level keeps packages from starting a server of their own on this machine.
  const quietly = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  run("reading Debian's list of packages", 'apt-get', ['update', '-q'], quietly);
  const args = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  run(`installing ${names}`, 'apt-get', args, quietly);
  const stillMissing = missing.find(({ program }) => !isInstalled(program));
  if (stillMissing !== undefined) stop(`${command} did not bring ${stillMissing.program}`);
}

const purpose = process.argv[2];
if (purpose !== 'start' && purpose !== 'test') {
  stop('usage: node scripts/prepare.js start|test');
}
installPackages();
if (purpose === 'test') installPrograms();
buildExamples();
