// Part of `npm run check`: how large the client SDK is in a browser, minified and compressed, held
// against its limits. Measures the source, so it needs no build.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { root } from './packages.js';

const sdk = join(root, 'client-sdk');

/**
 * What is measured. `isOurs` leaves out what others made, and of a subpath the SDK below it too.
 * @type {{ name: string, entry: string, isOurs?: (id: string) => boolean, limitKb?: number }[]}
 */
const parts = [
  { name: '@tessera/client', entry: 'src/index.ts', isOurs: isLocal, limitKb: 17.6 },
  {
    name: '@tessera/client/offline',
    entry: 'offline/index.ts',
    isOurs: (id) => isLocal(id) && !id.startsWith('../src/'),
    limitKb: 7,
  },
  {
    name: '@tessera/client/react',
    entry: 'react/index.ts',
    isOurs: (id) => isLocal(id) && !id.startsWith('../src/'),
    limitKb: 4,
  },
  { name: '@tessera/client with all it depends on', entry: 'src/index.ts' },
  { name: '@tessera/client/offline with all it depends on', entry: 'offline/index.ts' },
];

/** @param {string} id */
function isLocal(id) {
  return /^[./]|^@tessera\//.test(id);
}

/**
 * Gzipped, in bytes.
 * @param {string} entry
 * @param {((id: string) => boolean) | undefined} isOurs
 */
async function sizeOf(entry, isOurs) {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    root: sdk,
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      target: 'es2023',
      // Not `lib`, which leaves the white space in.
      rolldownOptions: {
        input: join(sdk, entry),
        preserveEntrySignatures: 'strict',
        external: (id) => isOurs !== undefined && !isOurs(id),
        output: { minify: true },
      },
    },
  });
  const outputs = (Array.isArray(built) ? built : [built]).flatMap((one) =>
    'output' in one ? one.output : [],
  );
  const code = outputs.map((file) => (file.type === 'chunk' ? file.code : '')).join('');
  return gzipSync(code, { level: 9 }).byteLength;
}

/** One line for each part, and whether all are within their limits. */
export async function measure() {
  let passed = true;
  const lines = [];
  for (const { name, entry, isOurs, limitKb } of parts) {
    const kb = (await sizeOf(entry, isOurs)) / 1000;
    const isOver = limitKb !== undefined && kb > limitKb;
    passed &&= !isOver;
    const limit = limitKb === undefined ? '' : `, of ${limitKb} KB`;
    lines.push(`${name}: ${kb.toFixed(1)} KB${limit}${isOver ? ': TOO LARGE' : ''}`);
  }
  return { passed, lines };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { passed, lines } = await measure();
  console.log(lines.join('\n'));
  if (!passed) process.exitCode = 1;
}
