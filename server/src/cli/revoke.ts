import { parseArgs } from 'node:util';
import { TesseraError } from '@tessera/model';
import { createSqlRevocationStore, migrate, openDatabase } from '@tessera/persistence';
import { type RevocationOrder, revocationOf } from '../auth/revocation-order.ts';
import { parseSettings } from '../config.ts';
import { revokedOrder } from '../sync/boards.ts';
import type { Command } from './command.ts';

const HELP = `tessera revoke (--user SUB | --token JTI | --board ID) [options]

Refuses tokens on every node, and closes the connections that use them. Several of the three mean
tokens that fit all of them: --user ada --board acme/ops leaves ada's other boards alone.

  --user SUB        tokens of this user that were issued until now; newer ones are accepted
  --token JTI       the token with this "jti"
  --board ID        tokens of everybody on this board that were issued until now
  --until DATE      newer ones as well, until then: an ISO date such as 2027-01-31T12:00Z, or "forever"
  --reason TEXT     told to whoever is refused
  --database-url, --redis-url, --data-dir   as for serve

With REDIS_URL it takes effect within 1 s, without it within 5 s. The embedded store is open in one
process only: call revoke() on the node itself, or stop the node, revoke, and start it again.`;

const REDIS_WITHIN_MS = 3_000;

export const revoke: Command = {
  about: 'refuse tokens from now on, and close their connections',
  help: () => HELP,
  async run(argv, { env, print }) {
    const { order, flags } = readOptions(argv);
    const settings = parseSettings(flags, env);
    const { databaseUrl, dataDir, redisUrls } = settings;
    const { jwtLeewayS: leewayS, jwtMaxLifetimeS: maxLifetimeS } = settings;
    const revocation = revocationOf(order, { leewayS, maxLifetimeS });
    const database = await openDatabase({ databaseUrl, dataDir });
    try {
      await migrate(database);
      await createSqlRevocationStore(database).add(revocation);
    } finally {
      await database.close();
    }
    const told = redisUrls !== undefined && (await tellNodes(redisUrls));
    const until = revocation.until === undefined ? '' : ` until ${iso(revocation.until)}`;
    const issued = revocation.issuedUntil;
    const which = issued === undefined ? '' : `, if issued until ${iso(issued)},`;
    print(`refused${which}${until || ' for ever'}: ${describe(order)}`);
    if (!told && databaseUrl !== undefined) {
      const why = redisUrls === undefined ? 'there is no REDIS_URL' : 'Redis did not answer';
      print(`${why}: nodes find it in the database within 5 s`);
    }
    return 0;
  },
};

function describe({ user, token, board }: RevocationOrder): string {
  return Object.entries({ user, token, board })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Whether the message that makes nodes look at once was sent. */
async function tellNodes(redisUrls: readonly string[]): Promise<boolean> {
  // Here and not above: every command reads this file.
  const { connectRedis } = await import('../fanout/fanout-redis.ts');
  const connected = Promise.withResolvers<boolean>();
  let sent = true;
  const timer = setTimeout(() => connected.resolve(false), REDIS_WITHIN_MS);
  const fanout = connectRedis(
    redisUrls,
    {
      received: () => undefined,
      unsent: () => {
        sent = false;
      },
      away: () => undefined,
      restored: () => connected.resolve(true),
    },
    { log: { warn: () => undefined } },
  );
  const isConnected = await connected.promise;
  clearTimeout(timer);
  if (isConnected) fanout.publish({ type: 'control', board: undefined, ...revokedOrder });
  await fanout.close();
  return isConnected && sent;
}

function readOptions(argv: string[]): { order: RevocationOrder; flags: string[] } {
  const values = parse(argv);
  const flags = (['database-url', 'redis-url', 'data-dir'] as const).flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [`--${name}`, value];
  });
  const { user, token, board, reason } = values;
  return { order: { user, token, board, reason, until: readUntil(values.until) }, flags };
}

function readUntil(text: string | undefined): RevocationOrder['until'] {
  if (text === undefined || text === 'forever') return text;
  const date = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new TesseraError('bad-setting', '--until takes an ISO date or "forever"');
}

function parse(argv: string[]) {
  const type = 'string';
  try {
    return parseArgs({
      args: argv,
      options: {
        user: { type },
        token: { type },
        board: { type },
        until: { type },
        reason: { type },
        'database-url': { type },
        'redis-url': { type },
        'data-dir': { type },
      },
    }).values;
  } catch (cause) {
    throw new TesseraError('bad-setting', (cause as Error).message, { cause });
  }
}
