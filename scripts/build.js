// `npm run build`: every publishable package as JavaScript with types and source maps in its `dist/`,
// with a package.json of its own, so that `npm publish ./<package>/dist` is all there is to do.
// `dist/` is laid out like the package: what a module reads by a path relative to itself is there too.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folders, root } from './packages.js';

/**
 * The same structure with every path to TypeScript source turned into the path of its JavaScript.
 * @param {unknown} value
 * @returns {unknown}
 */
function toJavaScript(value) {
  if (typeof value === 'string') return value.replace(/^(\.\/.*)\.tsx?$/, '$1.js');
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toJavaScript(one)]));
}

/** @param {string} folder */
function writeManifest(folder) {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const { devDependencies, scripts, exports, bin, engines = { node: '>=24' }, ...kept } = manifest;
  const published = {
    ...kept,
    exports: toJavaScript(exports),
    ...(bin && { bin }),
    files: ['bin', 'src', 'sql', 'react', 'offline', 'node', '!**/*.tsbuildinfo'],
    engines,
    publishConfig: { access: 'public' },
  };
  writeFileSync(join(root, folder, 'dist/package.json'), `${JSON.stringify(published, null, 2)}\n`);
}

/**
 * Programs are JavaScript already and import the source.
 * @param {string} folder
 */
function copyPrograms(folder) {
  const source = join(root, folder, 'bin');
  if (!existsSync(source)) return;
  const target = join(root, folder, 'dist/bin');
  cpSync(source, target, { recursive: true });
  for (const name of readdirSync(target)) {
    const text = readFileSync(join(target, name), 'utf8');
    writeFileSync(join(target, name), text.replaceAll(".ts'", ".js'"));
  }
}

for (const folder of folders) rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
execFileSync(join(root, 'node_modules/.bin/tsc'), ['--build', ...folders, 'client-sdk/node'], {
  cwd: root,
  stdio: 'inherit',
});
for (const folder of folders) {
  const dist = join(root, folder, 'dist');
  cpSync(join(root, 'LICENSE'), join(dist, 'LICENSE'));
  for (const name of ['sql', 'README.md']) {
    const source = join(root, folder, name);
    if (existsSync(source)) cpSync(source, join(dist, name), { recursive: true });
  }
  copyPrograms(folder);
  writeManifest(folder);
  console.log(`built ${folder}/dist`);
}
