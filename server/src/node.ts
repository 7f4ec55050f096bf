import type { AddressInfo } from 'node:net';
import { TesseraError } from '@tessera/model';
import {
  createCompactor,
  createSqlBoardStore,
  createSqlQuarantineStore,
  createSqlRevocationStore,
  type Database,
  migrate,
  openDatabase,
} from '@tessera/persistence';
import { type Logger, pino } from 'pino';
import { createAuthorize } from './auth/authorize.ts';
import { makeDevelopmentToken } from './auth/development-token.ts';
import { type RevocationOrder, revocationOf } from './auth/revocation-order.ts';
import { Revocations } from './auth/revocations.ts';
import { signingSecret } from './auth/secret.ts';
import { fixedTokenKeys } from './auth/token-keys.ts';
import { createTokenVerifier } from './auth/verify-token.ts';
import type { Settings } from './config.ts';
import { ContentRules } from './content/board-content.ts';
import type { FanoutEvents } from './fanout/fanout.ts';
import { LocalWire } from './fanout/fanout-local.ts';
import { createApp, type DevelopmentToken } from './http/app.ts';
import type { Readiness } from './http/health.ts';
import { createOriginCheck } from './http/origins.ts';
import { findPages } from './http/pages.ts';
import { Admission } from './limits/admission.ts';
import { Traffic } from './limits/traffic.ts';
import { NodeMetrics } from './metrics.ts';
import { SocketServer } from './socket/accept.ts';
import { Boards, type Kick } from './sync/boards.ts';

const READINESS_LIMIT_MS = 2_000;
/**
 * Connections that wait to be accepted; the kernel takes `net.core.somaxconn` of them at most. Node's 511
 * are too few for 5,000 clients that come back at once: who finds no room tries again after 1, 2, 4, … s.
 */
const LISTEN_BACKLOG = 4_096;

/** What a node closes once it is drained takes milliseconds, unless the other side is there and does not answer. */
const CLOSED_WITHIN_MS = 4_000;

/** A running node. */
export interface TesseraNode {
  /** `http://127.0.0.1:8787` */
  readonly url: string;
  readonly settings: Settings;
  /** How many boards are in memory, and how many sockets are open. */
  readonly loadedBoards: number;
  readonly openSockets: number;
  /** Outside production: a token for somebody of this name, or a random guest, who may edit the board. */
  developmentToken(board: string, name?: string): DevelopmentToken;
  /** Ends the connections of an actor, to one board or to all, on every node. */
  kick(kick: Kick): void;
  /**
   * Refuses the tokens that the order names, on every node: connections that use them are closed, with
   * 4401 if a newer token would be accepted, else with 4403. Stored, so that a restart changes nothing.
   * @throws TesseraError `bad-setting` or `malformed` when the order is none, `database-away`
   */
  revoke(order: RevocationOrder): Promise<void>;
  /** Tells every node that a board has a new epoch in the store; clients of the old one are closed with 4409. */
  boardWasReset(board: string): void;
  /**
   * Stops taking work, commits what is pending, closes the clients with 1012 and ends. Resolves to the
   * boards with unsaved edits: none, unless the database stayed away for the whole `drainLimitMs`.
   * All callers share one promise.
   */
  close(): Promise<{ unsaved: string[] }>;
}

/**
 * The composition root: everything a node is made of is chosen and put together here.
 * @throws TesseraError `bad-setting` when a setting does not work, `database-away`
 */
export async function startNode(
  settings: Settings,
  log: Logger = pino({ level: settings.logLevel, base: { node: settings.nodeId } }),
): Promise<TesseraNode> {
  const pages = findPages(settings.pages);
  const schemas =
    settings.widgetSchemas === undefined ? undefined : await openSchemas(settings.widgetSchemas);
  const secret = await signingSecret(settings);
  const keys = fixedTokenKeys(secret, settings.jwtPublicKey);
  const { databaseUrl, dataDir, jwksUrl, redisUrls } = settings;
  const connect = await prepareFanout(redisUrls, log);
  const database: Database = await openDatabase({ databaseUrl, dataDir });
  const store = createSqlBoardStore(database);
  try {
    await migrate(database);
  } catch (error) {
    await store.close();
    throw error;
  }
  const compactor = createCompactor(store, {
    onFailure: (board, error) => log.error({ err: error, board }, 'a snapshot could not be made'),
  });
  const metrics = new NodeMetrics();
  const rules = { leewayS: settings.jwtLeewayS, maxLifetimeS: settings.jwtMaxLifetimeS };
  const remoteKeys = jwksUrl === undefined ? undefined : await openRemoteKeys(jwksUrl, log);
  const revocations = new Revocations({
    store: createSqlRevocationStore(database),
    enforce: () => boards.sendRevokedAway(),
    log,
  });
  const verify = createTokenVerifier({
    ...rules,
    keys,
    remoteKeys,
    audience: settings.jwtAudience,
    issuer: settings.jwtIssuer,
  });
  const boards = new Boards({
    store,
    quarantine: createSqlQuarantineStore(database),
    storeIsShared: databaseUrl !== undefined,
    connect,
    counters: metrics,
    compactor,
    authorize: createAuthorize(verify, revocations),
    revocations,
    nodeId: settings.nodeId,
    maxPending: settings.maxPending,
    maxJoinsPerSecond: settings.maxJoinsPerSecond,
    rules: new ContentRules({
      ...settings.boardLimits,
      schemas,
      refused: (rule) => metrics.refusedContent(rule),
    }),
    log,
  });

  let url = '';
  let closing: Promise<{ unsaved: string[] }> | undefined;

  const developmentToken = (board: string, name?: string): DevelopmentToken => {
    if (secret === undefined || settings.production) {
      throw new TesseraError('not-granted', 'development tokens are for development');
    }
    return {
      ...makeDevelopmentToken({ board, name }, secret, {
        aud: settings.jwtAudience,
        iss: settings.jwtIssuer,
      }),
      board,
      url: `${url.replace('http', 'ws')}/sync`,
    };
  };

  const readiness = async (): Promise<Readiness> => {
    if (closing !== undefined) return { status: 'unready', reasons: ['the node is shutting down'] };
    try {
      await within(READINESS_LIMIT_MS, store.ping());
    } catch (error) {
      return { status: 'unready', reasons: [`the database is away: ${(error as Error).message}`] };
    }
    const reasons = [
      describe('edits wait for the database', boards.journal.failure),
      describe('other nodes are reached through the database only', boards.replication.failure),
    ].filter((reason) => reason !== undefined);
    return { status: reasons.length === 0 ? 'ready' : 'degraded', reasons };
  };

  const { allowedOrigins: allowed, production, trustedProxies } = settings;
  const isAllowedOrigin = createOriginCheck({ allowed, production });
  const app = await createApp({
    log,
    isAllowedOrigin,
    readiness,
    metrics,
    pages,
    developmentToken: settings.production ? undefined : developmentToken,
  });
  const redis = redisUrls && (await openLimitsRedis(redisUrls, log));
  const traffic = new Traffic({
    limits: settings.traffic,
    redis,
    heldBack: () => metrics.heldBack(),
  });
  const admission = new Admission(settings.admission, (limit) => metrics.refusedSocket(limit));
  const sockets = new SocketServer(app.server, {
    boards,
    traffic,
    admission,
    maxBoardsPerSocket: settings.maxBoardsPerSocket,
    maxFrameBytes: settings.maxFrameBytes,
    maxOutgoingBytes: settings.maxOutgoingBytes,
    isAllowedOrigin,
    trustedProxies,
    log,
  });

  metrics.watch({
    boardsLoaded: () => boards.count,
    socketsOpen: () => sockets.count,
    pendingBytes: () => boards.journal.pendingBytes,
    subscriptions: () => boards.replication.subscriptions,
    peers: () => boards.replication.peers,
    wireIsUp: () => boards.replication.failure === undefined,
    logIsWritable: () => boards.journal.failure === undefined,
  });

  const close = async (): Promise<{ unsaved: string[] }> => {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), settings.drainLimitMs);
    const aborted = new Promise<void>((resolve) => {
      limit.signal.addEventListener('abort', () => resolve());
    });
    const drained = async (): Promise<void> => {
      // First what is pending, so that its acks still reach the clients.
      await boards.journal.drained();
      await sockets.drain(settings.drainMs);
      await boards.journal.drained();
      await boards.unloaded();
    };
    await Promise.race([drained(), aborted]);
    clearTimeout(timer);
    const unsaved = boards.journal.pendingBoards;
    const closed = async (): Promise<void> => {
      await sockets.drain(0);
      await boards.journal.close();
      await boards.replication.close();
      await compactor.close();
      remoteKeys?.close();
      await revocations.close();
      traffic.close();
      redis?.disconnect();
      await app.close();
      await store.close();
    };
    await within(CLOSED_WITHIN_MS, closed()).catch((error: unknown) => {
      log.error({ err: error }, 'could not close everything, and ends without');
    });
    if (unsaved.length > 0) log.fatal({ boards: unsaved }, 'ended with unsaved edits');
    return { unsaved };
  };

  try {
    await revocations.start();
  } catch (error) {
    await close();
    throw error;
  }
  try {
    await app.listen({ host: settings.host, port: settings.port, backlog: LISTEN_BACKLOG });
  } catch (cause) {
    await close();
    const { host, port } = settings;
    const reason = (cause as Error).message;
    throw new TesseraError('bad-setting', `cannot listen on ${host}:${port}: ${reason}`, { cause });
  }
  const { port } = app.server.address() as AddressInfo;
  url = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`;
  log.info({ url }, 'ready');
  return {
    url,
    settings,
    get loadedBoards() {
      return boards.count;
    },
    get openSockets() {
      return sockets.count;
    },
    developmentToken,
    kick: (kick) => boards.kick(kick),
    revoke: async (order) => {
      await revocations.add(revocationOf(order, rules));
      boards.tellRevoked();
    },
    boardWasReset: (board) => boards.wasReset(board),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Without Redis, a node alone: there is nobody to tell anything, and what speaks to one takes 8 MiB. */
async function prepareFanout(redisUrls: readonly string[] | undefined, log: Logger) {
  if (redisUrls === undefined) return (events: FanoutEvents) => new LocalWire().connect(events);
  const { connectRedis } = await import('./fanout/fanout-redis.ts');
  return (events: FanoutEvents) => connectRedis(redisUrls, events, { log });
}

async function openLimitsRedis(redisUrls: readonly string[], log: Logger) {
  const { openLimitsRedis: open } = await import('./limits/limits-redis.ts');
  return open(redisUrls, log);
}

function describe(what: string, failure: Error | undefined): string | undefined {
  return failure && `${what}: ${failure.message}`;
}

/** Loaded when it is needed, like what reads the keys of a set. */
async function openSchemas(path: string) {
  const { loadWidgetSchemas } = await import('./content/load-schemas.ts');
  return loadWidgetSchemas(path);
}

/** Loaded when it is needed: what reads the keys takes 14 MiB. */
async function openRemoteKeys(url: string, log: Logger) {
  const { RemoteKeys } = await import('./auth/remote-keys.ts');
  return new RemoteKeys({ url, log });
}

async function within(limitMs: number, answer: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer for ${limitMs} ms`)), limitMs);
  await Promise.race([answer, late.promise]).finally(() => clearTimeout(timer));
}
