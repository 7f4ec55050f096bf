import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Services } from '../machine/services.ts';

/** A server that takes part, as it is set up to. */
export interface Contestant {
  /** For `--peers`, and in the results: `tessera-postgres`. */
  readonly name: string;
  /** In tables: `Tessera + PostgreSQL`. */
  readonly title: string;
  readonly protocol: Protocol;
  readonly nodes: 1 | 2;
  /** What its ack says; undefined: it sends none. */
  readonly ack: 'saved' | 'received' | undefined;
  /** Whether it has PostgreSQL. */
  readonly hasDatabase: boolean;
  /** Starts it on a new database, its nodes bound to `stage.serverCore`; `env` is added to theirs. */
  start(stage: Stage, env?: Record<string, string>): Promise<Site>;
}

export type Protocol = 'hocuspocus' | 'y-websocket';

/** Where and with what everybody runs. */
export interface Stage {
  readonly services: Services;
  readonly serverCore: number;
}

/** A contestant that runs. */
export interface Site {
  readonly contestant: Contestant;
  /** Of its servers. */
  readonly pids: readonly number[];
  readonly databaseUrl: string | undefined;
  /** What somebody needs to get to a node, 0 or 1; with one node there is only 0, whoever asks. */
  at(node: number, actor: string): Address;
  /** SIGKILL to one node. */
  kill(node: number): Promise<void>;
  /** Starts a node that was killed again, on the same database and the same port. */
  restart(node: number): Promise<void>;
  stop(): Promise<void>;
}

export interface Address {
  readonly url: string;
  readonly node: number;
  readonly token: string;
  readonly protocol: Protocol;
}

/** One process of a contestant. */
export interface Server {
  readonly url: string;
  readonly pid: number;
  kill(): Promise<void>;
}

/** What there is to a contestant: how one of its nodes is started, with `PORT` among its settings. */
export interface Recipe extends Omit<Contestant, 'start'> {
  readonly hasRedis?: boolean;
  /** `launcher` is a program, with its arguments, that becomes the node. */
  startNode(env: Record<string, string>, launcher: readonly string[]): Promise<Server>;
  tokenFor?(actor: string): string;
}

export function contestant({ startNode, hasRedis, tokenFor, ...about }: Recipe): Contestant {
  const self: Contestant = {
    ...about,
    async start({ services, serverCore }, more = {}) {
      const databaseUrl = about.hasDatabase ? await services.createDatabase() : undefined;
      const env = {
        ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
        ...(hasRedis && { REDIS_URL: services.redisUrl }),
        ...more,
      };
      // From the first moment, so that starting again does not compete with the clients that wait for it.
      const launcher = ['taskset', '--cpu-list', String(serverCore)];
      const start = (port: string) => startNode({ ...env, PORT: port }, launcher);
      const servers: { server: Server; isGone: boolean }[] = [];
      for (let node = 0; node < about.nodes; node++) {
        servers.push({ server: await start('0'), isGone: false });
      }
      const slotOf = (node: number) => {
        const slot = servers[node % about.nodes];
        if (slot === undefined) throw new Error(`${about.name} has no node ${node}`);
        return slot;
      };
      const end = async (slot: { server: Server; isGone: boolean }) => {
        if (slot.isGone) return;
        slot.isGone = true;
        await slot.server.kill();
      };
      return {
        contestant: self,
        get pids() {
          return servers.flatMap(({ server, isGone }) => (isGone ? [] : server.pid));
        },
        databaseUrl,
        at: (node, actor) => ({
          url: slotOf(node).server.url,
          node: node % about.nodes,
          token: tokenFor?.(actor) ?? actor,
          protocol: about.protocol,
        }),
        kill: (node) => end(slotOf(node)),
        async restart(node) {
          const slot = slotOf(node);
          slot.server = await start(new URL(slot.server.url).port);
          slot.isGone = false;
        },
        async stop() {
          await Promise.all(servers.map(end));
        },
      };
    },
  };
  return self;
}

/**
 * Runs a script of this folder as a server. It prints its address when it is ready, and ends when its
 * standard input does, so also when this process is killed.
 */
export async function startScript(
  file: string,
  env: Record<string, string>,
  launcher: readonly string[],
): Promise<Server> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const [program = '', ...args] = [...launcher, process.execPath, script];
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // Hocuspocus' Redis extension reports every lock that the other node has, which is how that works.
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const exited = once(child, 'exit');
  const [url] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(([code]) => {
      throw new Error(`${file} ended with ${code} before it was ready: ${said}`);
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
