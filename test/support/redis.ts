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
    try {
      const [name = '', ...args] = words;
      return await client.call(String(name), ...args);
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

/** Masters of one Redis Cluster, without replicas. */
export interface RedisCluster {
  readonly urls: readonly string[];
  readonly masters: readonly Redis[];
  flushAll(): Promise<void>;
  close(): Promise<void>;
}

const SLOTS = 16_384;

/** Starts a Redis Cluster; resolves when it serves all slots. */
export async function startRedisCluster(count = 3): Promise<RedisCluster> {
  const flags = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  const masters = await Promise.all(Array.from({ length: count }, () => startRedis(flags)));
  await Promise.all(
    masters.map(async ({ command }, index) => {
      const first = Math.floor((SLOTS * index) / count);
      const last = Math.floor((SLOTS * (index + 1)) / count) - 1;
      await command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      await command('CLUSTER', 'ADDSLOTSRANGE', first, last);
    }),
  );
  for (const { port } of masters.slice(1)) {
    await masters[0]?.command('CLUSTER', 'MEET', '127.0.0.1', port);
  }
  await eventually(
    async () => {
      const infos = await Promise.all(masters.map(({ command }) => command('CLUSTER', 'INFO')));
      return infos.every((info) => String(info).includes('cluster_state:ok'));
    },
    { what: 'all masters to know of all slots' },
  );
  return {
    urls: masters.map(({ url }) => url),
    masters,
    async flushAll() {
      await Promise.all(masters.map((master) => master.flushAll()));
    },
    async close() {
      await Promise.all(masters.map((master) => master.close()));
    },
  };
}

/** Waits on a pipe from us, which closes however this process ends, and then ends the server. */
const LIFELINE = `
"$@" </dev/null &
echo "pid $!"
exec >/dev/null 2>&1
read -r word
kill -s KILL $!
wait $!
`;

async function run(port: number, dir: string, flags: readonly string[]): Promise<Running> {
  const args = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir],
    ...['--save', '', '--appendonly', 'no', ...flags],
  ];
  const shell = spawn('sh', ['-c', LIFELINE, 'sh', 'redis-server', ...args], {
    // Detached: Ctrl-C is for the test runner, which then closes the pipe.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(shell, 'exit');
  // The server holds this pipe, and after its start nobody else does.
  const gone = once(shell.stdout, 'close');
  let pid: number | undefined;
  let log = '';
  for await (const line of createInterface({ input: shell.stdout })) {
    log += `${line}\n`;
    pid ??= Number(/^pid (\d+)$/.exec(line)?.[1]) || undefined;
    if (line.includes('Ready to accept connections')) break;
  }
  if (pid === undefined || !log.includes('Ready to accept connections')) {
    shell.stdin.end();
    throw new Error(`redis-server ended before it was ready:\n${log}`);
  }
  shell.stdout.resume();
  const server = pid;
  return {
    pid: server,
    async end(signal) {
      process.kill(server, signal);
      await gone;
      shell.stdin.end();
      await exited;
    },
  };
}
