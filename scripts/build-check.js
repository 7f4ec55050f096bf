// `npm run build:check`: packs every built package, installs the packs into an empty project and uses
// them there as somebody would who got them from a registry: in JavaScript, in TypeScript, and as the
// command `tessera`. Needs no network: what the packages depend on is linked from node_modules.

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

/** @param {string} folder */
function install(folder) {
  const options = ['--json', '--loglevel=error', '--pack-destination', project];
  const packed = run('npm', ['pack', join(root, folder, 'dist'), ...options]);
  const [{ name, filename }] = Object.values(JSON.parse(packed));
  const target = join(modules, name);
  mkdirSync(target, { recursive: true });
  run('tar', ['-xzf', filename, '--strip-components=1', '-C', target]);
  return name;
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
  const names = folders.map(install);
  importAll(names);
  compileAll(names);
  await serve();
} finally {
  rmSync(project, { recursive: true, force: true });
}
