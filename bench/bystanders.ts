/**
 * What others on a node notice of a flood, a storm of connections, 500 joiners of a large board, and a
 * reader that has stalled: `node bench/bystanders.ts`. Each load is a process of its own, and by turns it
 * goes to another node on this machine, which shows what the load costs everybody without any node's doing.
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
const ROUNDS = 3;
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

function cells(delays: number[]): string {
  const { count, p50, p99, max } = delaysOf(delays);
  return `${count} | ${[p50, p99, max].map((ms) => ms.toFixed(1)).join(' | ')}`;
}

/** The bystander's delays, and what the loads said, while they go to this node. */
async function beside(loads: readonly string[], loaded: NodeProcess) {
  const bystander = run('bystander', node, 'bystander', LOAD_S + 1 + START_MS / 1_000);
  await pause(START_MS);
  const said = await Promise.all(loads.map((load) => run(load, loaded, JOINER)));
  const delays: number[] = JSON.parse(await bystander);
  return { delays, said: said.filter(Boolean) };
}

async function compare(name: string, loads: readonly string[]): Promise<void> {
  const elsewhere: number[] = [];
  const here: number[] = [];
  let said: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    elsewhere.push(...(await beside(loads, other)).delays);
    const result = await beside(loads, node);
    here.push(...result.delays);
    said = result.said;
  }
  const ratio = delaysOf(here).p99 / delaysOf(elsewhere).p99;
  console.log(`| ${name} | elsewhere | ${cells(elsewhere)} | | |`);
  console.log(`| | here | ${cells(here)} | ${ratio.toFixed(2)} | ${said.join('; ')} |`);
}

async function reading(name: string, isStalled: boolean): Promise<void> {
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
  const delays: number[] = JSON.parse(await reader);
  if (isStalled) said.push(await sleeper);
  console.log(`| ${name} | ${cells(delays)} | ${said.join('; ')} |`);
}

const postgres = await startPostgres();

async function startLoadedNode(): Promise<NodeProcess> {
  const started = await startNodeProcess({
    DATABASE_URL: await postgres.createDatabase(),
    TESSERA_MAX_SOCKETS_PER_ADDRESS: '1000',
    TESSERA_MAX_SOCKETS_PER_USER: '1000',
  });
  await run('large-board', started, 'author');
  return started;
}

const node = await startLoadedNode();
const other = await startLoadedNode();

console.log('| meanwhile | on a node | edits | p50, ms | p99, ms | max, ms | p99, times | |');
console.log('|---|---|---|---|---|---|---|---|');
await compare('nothing', []);
await compare('10,000 frames a second from one user', ['flood']);
await compare('2,000 connections at once', ['connections']);
await compare('500 joiners of 4 MB at once', ['joiners']);
await compare('the same while it is edited', ['joiners', 'editor']);

console.log('\n| meanwhile | edits | p50, ms | p99, ms | max, ms | |\n|---|---|---|---|---|---|');
await reading('50 writers, 100 MB: another reader', false);
await reading('the same', false);
await reading('the same beside a stalled one', true);
await node.stop();
await other.stop();
await postgres.close();
