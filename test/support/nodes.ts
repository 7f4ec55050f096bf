import { startProxy, type TcpProxy } from './proxy.ts';
import { type NodeProcess, startNodeProcess } from './tessera.ts';
import { finishes } from './wait.ts';

export interface NodesOptions {
  count: number;
  databaseUrl: string;
  /** One address of a Redis, which each node then reaches through a proxy; or several, of a cluster. */
  redisUrls: readonly string[];
  /** What the nodes run instead of the command line. */
  script?: string | undefined;
}

/** Nodes on one database and one Redis, each a process with a network of its own. */
export interface Nodes {
  readonly all: readonly GroupNode[];
  /** Addresses of those that are running. */
  readonly urls: string[];
  /** SIGTERM to all that run; resolves to their exit codes, with every proxy closed. */
  stop(): Promise<(number | null)[]>;
}

export interface GroupNode {
  readonly name: string;
  /** Undefined while it does not run. Another one after each start. */
  readonly url: string | undefined;
  /** On its way to PostgreSQL. */
  readonly database: TcpProxy;
  /** On its way to Redis; undefined for a cluster, whose nodes are reached at the addresses they tell. */
  readonly redis: TcpProxy | undefined;
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** SIGSTOP: it stands still, and so does all that is connected to it, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

/** The limit of a node's drain is 25 s, and some time passes before and after it. */
const ENDS_WITHIN_MS = 40_000;

/** Starts the nodes, named `node-1` and on. */
export async function startNodes(options: NodesOptions): Promise<Nodes> {
  const { count } = options;
  const all = await Promise.all(
    Array.from({ length: count }, (_, index) => startNode(`node-${index + 1}`, options)),
  );
  return {
    all,
    get urls() {
      return all.flatMap(({ url }) => url ?? []);
    },
    async stop() {
      const running = all.filter(({ url }) => url !== undefined);
      const codes = await Promise.all(running.map((node) => node.stop()));
      await Promise.all(all.flatMap(({ database, redis }) => [database.close(), redis?.close()]));
      return codes;
    },
  };
}

async function startNode(
  name: string,
  { databaseUrl, redisUrls, script }: NodesOptions,
): Promise<GroupNode> {
  const database = await startProxy({ port: portOf(databaseUrl) });
  const [redisUrl, ...others] = redisUrls;
  const redis =
    redisUrl !== undefined && others.length === 0
      ? await startProxy({ port: portOf(redisUrl) })
      : undefined;
  const env = {
    DATABASE_URL: database.url(databaseUrl),
    TESSERA_NODE_ID: name,
    ...(redisUrls.length > 0 && {
      REDIS_URL: redisUrls.map((url) => redis?.url(url) ?? url).join(','),
    }),
  };
  let running: NodeProcess | undefined;
  const take = (): NodeProcess => {
    if (running === undefined) throw new Error(`${name} is not running`);
    const taken = running;
    running = undefined;
    return taken;
  };
  const node: GroupNode = {
    name,
    get url() {
      return running?.url;
    },
    database,
    redis,
    async start() {
      if (running !== undefined) throw new Error(`${name} is running already`);
      running = await startNodeProcess(env, script);
    },
    kill: () => take().kill(),
    async stop() {
      const taken = take();
      const what = `${name} to end after SIGTERM`;
      return finishes(taken.stop(), { timeoutMs: ENDS_WITHIN_MS, what }).catch(async (error) => {
        await taken.kill();
        throw error;
      });
    },
    freeze: () => running?.process.kill('SIGSTOP'),
    thaw: () => running?.process.kill('SIGCONT'),
  };
  await node.start();
  return node;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
