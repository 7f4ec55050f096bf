/**
 * What others on a node notice of a flood, a storm of connections, 500 joiners of a large board, and a
 * reader that has stalled: `node bench/bystanders.ts`. Each load is a process of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { metric } from '../test/support/metrics.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { type NodeProcess, startNodeProcess, tokenFor } from '../test/support/tessera.ts';
import { delaysOf } from './machine/statistics.ts';

const LOAD_S = 5;
/** 100 MB in this time. */
const WRITE_S = 40;
/** Until a load that was just started has connected. */
const START_MS = 1_000;
const JOINER = 'joiner';

async function run(name: string, node: NodeProcess, actor: string, seconds = LOAD_S) {
  const script = fileURLToPath(new URL(`bystanders/${name}.ts`, import.meta.url));
  const args = [script, node.url, tokenFor(actor), String(seconds)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (child.exitCode !== 0) throw new Error(`${name} ended with exit code ${child.exitCode}`);
  return printed.trim();
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function row(name: string, delays: string, said: readonly string[]): void {
  const { count, p50, p99, max } = delaysOf(JSON.parse(delays));
  const [median, late, latest] = [p50, p99, max].map((ms) => ms.toFixed(1));
  console.log(`| ${name} | ${count} | ${median} | ${late} | ${latest} | ${said.join('; ')} |`);
}

async function besides(name: string, node: NodeProcess, loads: readonly string[]): Promise<void> {
  const bystander = run('bystander', node, 'bystander', LOAD_S + 1 + START_MS / 1_000);
  await pause(START_MS);
  const said = await Promise.all(loads.map((load) => run(load, node, JOINER)));
  row(name, await bystander, said.filter(Boolean));
}

async function reading(name: string, node: NodeProcess, isStalled: boolean): Promise<void> {
  const sleeper = isStalled ? run('sleeper', node, 'sleeper', START_MS / 1_000 + WRITE_S) : '';
  const reader = run('reader', node, 'reader', START_MS / 1_000 + WRITE_S);
  await pause(START_MS);
  const resident = () => metric(node.url, 'process_resident_memory_bytes');
  const before = await resident();
  let peak = before;
  const watch = setInterval(async () => {
    peak = Math.max(peak, await resident());
  }, 200);
  const said = [await run('writers', node, 'writer', WRITE_S)];
  clearInterval(watch);
  said.push(`memory +${Math.round((peak - before) / 2 ** 20)} MiB`);
  const delays = await reader;
  if (isStalled) said.push(await sleeper);
  row(name, delays, said);
}

const postgres = await startPostgres();
const node = await startNodeProcess({
  DATABASE_URL: await postgres.createDatabase(),
  TESSERA_MAX_SOCKETS_PER_ADDRESS: '1000',
  TESSERA_MAX_SOCKETS_PER_USER: '1000',
});
await run('large-board', node, 'author');

console.log('| meanwhile | edits | p50, ms | p99, ms | max, ms | |\n|---|---|---|---|---|---|');
await besides('nothing', node, []);
await besides('10,000 frames a second from one user', node, ['flood']);
await besides('2,000 connections at once', node, ['connections']);
await besides('500 joiners of 4 MB at once', node, ['joiners']);
await besides('the same while it is edited', node, ['joiners', 'editor']);
await besides('nothing', node, []);
await reading('50 writers, 100 MB: another reader', node, false);
await reading('the same', node, false);
await reading('the same beside a stalled one', node, true);
await node.stop();
await postgres.close();
