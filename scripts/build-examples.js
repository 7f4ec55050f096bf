// `npm run build:examples`: builds the pages that a node serves, two at a time. Arguments are the
// examples to build; without any it is all of them.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from './packages.js';

const examples = join(root, 'examples');
const all = readdirSync(examples).filter((name) =>
  existsSync(join(examples, name, 'vite.config.ts')),
);
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !all.includes(name));
if (unknown !== undefined) {
  console.error(`there is no example ${unknown} to build: ${all.join(', ')}`);
  process.exit(2);
}

const waiting = (asked.length > 0 ? asked : all).values();

async function work() {
  for (const name of waiting) {
    await build({ root: join(examples, name), logLevel: 'error' });
  }
}

await Promise.all([work(), work()]);
