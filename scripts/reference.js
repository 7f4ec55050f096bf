// `npm run reference`: the reference of the client SDK, from its docstrings, into docs/reference.
// With --check, part of `npm run check`: fails if it is not what the docstrings say now, or if
// something that is exported has none.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './packages.js';

const docs = join(root, 'docs');
const reference = join(docs, 'reference');

/**
 * Writes the reference into a folder, which is emptied first.
 * @param {string} folder
 * @returns {boolean} whether TypeDoc had nothing to say against it
 */
function generate(folder) {
  const { status, error } = spawnSync(
    process.execPath,
    [join(docs, 'node_modules/typedoc/bin/typedoc'), '--out', folder, '--logLevel', 'Warn'],
    { cwd: docs, stdio: 'inherit', env: { ...process.env, NO_COLOR: '1' } },
  );
  if (error !== undefined) throw error;
  return status === 0;
}

/**
 * @param {string} folder
 * @returns {Map<string, string>} the text of each of its files
 */
function textsIn(folder) {
  return new Map(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

function check() {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-reference-'));
  try {
    if (!generate(folder)) return false;
    const [now, kept] = [textsIn(folder), textsIn(reference)];
    const stale = [...new Set([...now.keys(), ...kept.keys()])].filter(
      (name) => now.get(name) !== kept.get(name),
    );
    for (const name of stale) {
      console.log(`docs/reference/${name} is not what the docstrings say: npm run reference`);
    }
    return stale.length === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const passed = process.argv.includes('--check') ? check() : generate(reference);
if (!passed) process.exitCode = 1;
