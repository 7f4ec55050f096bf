import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startNodeProcess, tokenFor } from '../../test/support/tessera.ts';
import { pin } from './machine.ts';
import { type Services, withDatabase } from './services.ts';

/** Two server processes that share a database and a Redis. */
export interface Pair {
  readonly name: string;
  readonly pids: readonly number[];
  readonly databaseUrl: string;
  /** What somebody needs to get to a node, 0 or 1. */
  at(node: number, actor: string): { url: string; node: number; token: string };
  /** SIGKILL to one node. */
  kill(node: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a pair on a new database, both nodes bound to `core`; `env` is added to theirs. */
export type Contestant = (
  services: Services,
  core: number,
  env?: Record<string, string>,
) => Promise<Pair>;

interface Server {
  url: string;
  pid: number;
  kill(): Promise<void>;
}

export const tessera: Contestant = (services, core, more = {}) =>
  startPair('Tessera', services, core, async (env) => {
    const node = await startNodeProcess({ ...env, ...more });
    return { url: node.url, pid: node.process.pid ?? Number.NaN, kill: () => node.kill() };
  });

export const stock: Contestant = (services, core, more = {}) =>
  startPair('stock Hocuspocus', services, core, (env) => startStockNode({ ...env, ...more }));

async function startPair(
  name: string,
  services: Services,
  core: number,
  start: (env: Record<string, string>) => Promise<Server>,
): Promise<Pair> {
  const databaseUrl = await services.createDatabase();
  const env = { DATABASE_URL: databaseUrl, REDIS_URL: services.redisUrl };
  const servers: Server[] = [];
  for (const _ of [0, 1]) {
    const server = await start(env);
    await pin(server.pid, core);
    servers.push(server);
  }
  const gone = new Set<Server>();
  const server = (node: number): Server => {
    const found = servers[node];
    if (found === undefined) throw new Error(`there is no node ${node}: a pair has 0 and 1`);
    return found;
  };
  const kill = async (one: Server) => {
    if (gone.has(one)) return;
    gone.add(one);
    await one.kill();
  };
  return {
    name,
    pids: servers.map(({ pid }) => pid),
    databaseUrl,
    at: (node, actor) => ({ url: server(node).url, node, token: tokenFor(actor) }),
    kill: (node) => kill(server(node)),
    stop: async () => {
      await Promise.all(servers.map(kill));
    },
  };
}

const CREATE_DOCUMENTS =
  'CREATE TABLE IF NOT EXISTS documents (name text PRIMARY KEY, data bytea NOT NULL)';
const script = fileURLToPath(new URL('stock-node.ts', import.meta.url));

async function startStockNode(env: Record<string, string>): Promise<Server> {
  await withDatabase(env['DATABASE_URL'] ?? '', (client) => client.query(CREATE_DOCUMENTS));
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env['PATH'], ...env },
    // It ends when its standard input does, so also when this process is killed.
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // It reports every lock of the Redis extension that the other node has, which is how that works.
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const exited = once(child, 'exit');
  const [url] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(([code]) => {
      throw new Error(`the stock node ended with ${code} before it was ready: ${said}`);
    }),
  ])) as [string];
  return {
    url,
    pid: child.pid ?? Number.NaN,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
