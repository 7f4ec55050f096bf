import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis as Client } from 'ioredis';
import { freePort } from './postgres-cluster.ts';
import { eventually } from './wait.ts';

/** A Redis of one's own, for tests that take it away. Loopback only, nothing is kept on disk. */
export interface Redis {
  readonly url: string;
  readonly port: number;
  /** Of the running server. */
  readonly pid: number;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`, empty, on the same port. */
  start(): Promise<void>;
  flushAll(): Promise<void>;
  /** Runs one command, with a connection of its own. */
  command(...words: (string | number)[]): Promise<unknown>;
  /** Ends it for good. */
  close(): Promise<void>;
}

interface Running {
  pid: number;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Starts a `redis-server`. It ends with this process, however that ends. */
export async function startRedis(flags: readonly string[] = []): Promise<Redis> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'tessera-redis-'));
  let running: Running | undefined = await run(port, dir, flags);

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (running === undefined) throw new Error('this Redis is not running');
    const ending = running;
    running = undefined;
    await ending.end(signal);
  }
  async function command(...words: (string | number)[]): Promise<unknown> {
    const client = new Client({ port, host: '127.0.0.1', retryStrategy: () => null });
    // It says more than the command, which then only finds the connection closed.
    let failure: Error | undefined;
    client.on('error', (error: Error) => {
      failure = error;
    });
    try {
      const [name = '', ...args] = words;
      return await client.call(String(name), ...args);
    } catch (error) {
      throw failure ?? error;
    } finally {
      client.disconnect();
    }
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      if (running === undefined) throw new Error('this Redis is not running');
      return running.pid;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async start() {
      if (running !== undefined) throw new Error('this Redis is running already');
      running = await run(port, dir, flags);
    },
    async flushAll() {
      await command('FLUSHALL');
    },
    command,
    async close() {
      if (running !== undefined) await end('SIGKILL');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A Redis Cluster of one's own. */
export interface RedisCluster {
  /** Of its masters. */
  readonly urls: readonly string[];
  /** In the order of their slots. */
  readonly masters: readonly Redis[];
  /** In the order of their masters. */
  readonly replicas: readonly Redis[];
  flushAll(): Promise<void>;
  close(): Promise<void>;
}

const SLOTS = 16_384;

/** Starts a Redis Cluster, of masters with one replica each or none. Resolves when it serves all slots. */
export async function startRedisCluster(
  count = 3,
  { replicated = false } = {},
): Promise<RedisCluster> {
  const members = await Promise.all(
    Array.from({ length: count * (replicated ? 2 : 1) }, startMember),
  );
  const nodes = members.map(({ node }) => node);
  const [masters, replicas] = [nodes.slice(0, count), nodes.slice(count)];
  const close = async () => {
    await Promise.all(nodes.map((node) => node.close()));
  };
  try {
    await assignSlots(masters);
    await introduce(members);
    await Promise.all(nodes.map((node) => eventually(() => isReady(node, nodes.length))));
    for (const [index, replica] of replicas.entries()) {
      await replica.command(
        'CLUSTER',
        'REPLICATE',
        String(await masters[index]?.command('CLUSTER', 'MYID')),
      );
    }
    await Promise.all(replicas.map((replica) => eventually(() => isReady(replica, nodes.length))));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    urls: masters.map(({ url }) => url),
    masters,
    replicas,
    async flushAll() {
      await Promise.all(masters.map((master) => master.flushAll()));
    },
    close,
  };
}

interface Member {
  node: Redis;
  /** For what the servers say to each other. By default 10,000 above, where the system lends ports to anybody. */
  busPort: number;
}

async function startMember(): Promise<Member> {
  const busPort = await freePort();
  const node = await startRedis([
    ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'],
    ...['--cluster-port', String(busPort)],
    // A replica replaces its master even if it had no time to follow it.
    ...['--cluster-replica-validity-factor', '0'],
  ]);
  return { node, busPort };
}

async function assignSlots(masters: readonly Redis[]): Promise<void> {
  const first = (index: number) => Math.ceil((SLOTS * index) / masters.length);
  await Promise.all(
    masters.map(async ({ command }, index) => {
      await command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      await command('CLUSTER', 'ADDSLOTSRANGE', first(index), first(index + 1) - 1);
    }),
  );
}

async function introduce([first, ...others]: readonly Member[]): Promise<void> {
  for (const { node, busPort } of others) {
    await first?.node.command('CLUSTER', 'MEET', '127.0.0.1', node.port, busPort);
  }
}

async function isReady({ command }: Redis, count: number): Promise<boolean> {
  const info = String(await command('CLUSTER', 'INFO'));
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}\r`);
}

/**
 * A shell that ends the server unless we say that it is over: however this process ends, the pipe closes,
 * then without a word. The server is no child of the shell, because what clears up after tests kills
 * children, and not theirs.
 */
const GUARDIAN = 'read -r word || kill -s KILL "$0"';

async function run(port: number, dir: string, flags: readonly string[]): Promise<Running> {
  const args = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir],
    ...['--save', '', '--appendonly', 'no', ...flags],
  ];
  // Detached: Ctrl-C is for the test runner, which then closes the pipe.
  const server = spawn('redis-server', args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server, 'spawn');
  const exited = once(server, 'exit');
  const guardian = spawn('sh', ['-c', GUARDIAN, String(server.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const relieved = once(guardian, 'exit');
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    server.kill(signal);
    await exited;
    guardian.stdin.end('over\n');
    await relieved;
  };
  let log = '';
  for await (const line of createInterface({ input: server.stdout })) {
    log += `${line}\n`;
    if (line.includes('Ready to accept connections')) break;
  }
  if (server.pid === undefined || !log.includes('Ready to accept connections')) {
    await end('SIGKILL');
    throw new Error(`redis-server ended before it was ready:\n${log}`);
  }
  server.stdout.resume();
  return { pid: server.pid, end };
}
