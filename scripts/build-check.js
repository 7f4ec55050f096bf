// `npm run build:check`: packs every built package, has publint and "are the types wrong" look at the
// packs, installs them into an empty project and uses them there as somebody would who got them from a
// registry: in JavaScript, in TypeScript, and as the command `tessera`. Needs no network: what the packages depend on is linked from node_modules.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { folders, root } from './packages.js';

const project = mkdtempSync(join(tmpdir(), 'tessera-build-check-'));
const modules = join(project, 'node_modules');

/**
 * @param {string} program
 * @param {string[]} args
 */
function run(program, args) {
  return execFileSync(program, args, { cwd: project, encoding: 'utf8' });
}

/**
 * Returns the names that can be imported from it.
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
async function install(folder) {
  const options = ['--json', '--loglevel=error', '--pack-destination', project];
  const packed = run('npm', ['pack', join(root, folder, 'dist'), ...options]);
  const [{ name, filename }] = Object.values(JSON.parse(packed));
  const target = join(modules, name);
  mkdirSync(target, { recursive: true });
  run('tar', ['-xzf', filename, '--strip-components=1', '-C', target]);
  await checkPack(name, target, join(project, filename));
  const { exports } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
  return Object.keys(exports).map((path) => name + path.slice(1));
}

/**
 * @param {string} name
 * @param {string} folder
 * @param {string} pack
 */
async function checkPack(name, folder, pack) {
  const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true });
  const result = await checkPackage(createPackageFromTarballData(readFileSync(pack)));
  if (!result.types) throw new Error(`${name} has no types`);
  // Packages of modules only are not for `require` and for TypeScript's old way of finding them.
  const wrong = result.problems.filter(
    (problem) =>
      !('resolutionKind' in problem) || !['node10', 'node16-cjs'].includes(problem.resolutionKind),
  );
  const problems = [
    ...messages.map((message) => formatMessage(message, pkg)),
    ...wrong.map((problem) => JSON.stringify(problem)),
  ];
  if (problems.length > 0) throw new Error(`${name} is badly packed:\n${problems.join('\n')}`);
}

function linkDependencies() {
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name.startsWith('.') || name === '@tessera') continue;
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
}

/** @param {string[]} names */
function importAll(names) {
  const script = names.map(
    (name) => `console.log('${name}:', Object.keys(await import('${name}')).length, 'exports');`,
  );
  writeFileSync(join(project, 'all.mjs'), script.join('\n'));
  process.stdout.write(run(process.execPath, ['all.mjs']));
}

/** @param {string[]} names */
function compileAll(names) {
  const script = names.map((name, index) => `export * as package${index} from '${name}';`);
  writeFileSync(join(project, 'all.mts'), script.join('\n'));
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--types', 'node'];
  try {
    run(join(root, 'node_modules/.bin/tsc'), [...options, 'all.mts']);
  } catch (error) {
    const { stdout } = /** @type {{ stdout: string }} */ (error);
    // Mistakes in other people's types are not for this check to find.
    const ours = stdout
      .split('\n')
      .filter((line) => /^(node_modules\/@tessera|all\.mts)/.test(line));
    if (ours.length > 0) throw new Error(`the built types do not compile:\n${ours.join('\n')}`);
  }
  console.log('the types compile');
}

/** Serves on the embedded store until it is ready, then stops it in good order. */
async function serve() {
  const { bin } = JSON.parse(readFileSync(join(modules, '@tessera/server/package.json'), 'utf8'));
  const main = join(modules, '@tessera/server', bin.tessera);
  const args = [main, 'serve', '--port', '0'];
  const child = spawn(process.execPath, args, {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let ready = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /http:\/\/[\d.]+:\d+/.exec(line)?.[0];
    if (address === undefined || ready) continue;
    const response = await fetch(`${address}/readyz`);
    if (!response.ok) throw new Error(`/readyz of the built server answered ${response.status}`);
    ready = true;
    child.kill('SIGTERM');
  }
  const [code] = await exited;
  if (!ready || code !== 0) throw new Error(`the built server ended with exit code ${code}`);
  console.log('the command serves, and stops with exit code 0');
}

try {
  mkdirSync(modules);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  linkDependencies();
  const names = [];
  for (const folder of folders) names.push(...(await install(folder)));
  console.log('publint and "are the types wrong" have nothing to say');
  importAll(names);
  compileAll(names);
  await serve();
} finally {
  rmSync(project, { recursive: true, force: true });
}
