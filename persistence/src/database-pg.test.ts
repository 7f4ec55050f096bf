import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { openPgDatabase } from './database-pg.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

let test: TestDatabase;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
});

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

afterAll(async () => {
  await test.drop();
});

async function open(...args: Parameters<typeof openPgDatabase>): Promise<Database> {
  const database = await openPgDatabase(...args);
  opened.push(database);
  return database;
}

/** A way to the server that can fall silent: connections stay open and nothing comes through. */
async function openWire(): Promise<{ url: string; silence(): void }> {
  const target = new URL(test.url);
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = netConnect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined); // Both ends are destroyed at the end of the test.
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  const url = new URL(test.url);
  url.port = String((server.address() as { port: number }).port);
  const silence = () => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  return { url: url.href, silence };
}

describe('the PostgreSQL database', () => {
  it('gives bigint as number, bytea as the same bytes, and time as Date', async () => {
    const database = await open(test.url);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const [row] = await database.query<{ n: number; bytes: Uint8Array; at: Date }>(
      'types',
      `SELECT 5000000000::bigint AS n, $1::bytea AS bytes, 'epoch'::timestamptz AS at`,
      [bytes],
    );
    expect(row?.n).toBe(5_000_000_000);
    expect(row?.bytes).toBeInstanceOf(Uint8Array);
    expect([...(row?.bytes ?? [])]).toEqual([...bytes]);
    expect(row?.at).toEqual(new Date(0));
  });

  it('commits a transaction as a whole, and nothing of one that throws', async () => {
    const database = await open(test.url);
    await database.script('CREATE TABLE sums (n int)');
    const insert = 'INSERT INTO sums VALUES ($1)';
    await database.transaction(async (transaction) => {
      await transaction.query('insert', insert, [1]);
      await transaction.script('INSERT INTO sums VALUES (2); INSERT INTO sums VALUES (3)');
    });
    const failing = database.transaction(async (transaction) => {
      await transaction.query('insert', insert, [10]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await database.query('sum', 'SELECT sum(n) AS sum FROM sums')).toEqual([{ sum: 6 }]);
  });

  it('throws the error of the database, with its SQLSTATE, for a statement it rejects', async () => {
    const database = await open(test.url);
    await expect(database.query('bad', 'SELEC 1')).rejects.toMatchObject({ code: '42601' });
    await expect(database.script('SELEC 1')).rejects.toMatchObject({ code: '42601' });
  });

  it('survives that the server ends its idle connections', async () => {
    const database = await open(test.url);
    const other = await open(test.url);
    await database.query('one', 'SELECT 1');
    await other.query(
      'terminate',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    // The pool may hand out the dying connection once more before it has seen the end of it.
    await expect
      .poll(() => database.query('two', 'SELECT 2 AS two').catch((error) => error.code))
      .toEqual([{ two: 2 }]);
  });

  it('says that the database is away when the server ends a connection in the middle', async () => {
    const database = await open(test.url);
    const suicide = 'SELECT pg_terminate_backend(pg_backend_pid())';
    const away = { code: 'database-away', retry: true };
    await expect(database.query('suicide', suicide)).rejects.toMatchObject(away);
    const inTransaction = database.transaction((transaction) => transaction.script(suicide));
    await expect(inTransaction).rejects.toMatchObject(away);
    expect(await database.query('one', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('survives that the server ends a connection between the statements of a transaction', async () => {
    const database = await open(test.url);
    const other = await open(test.url);
    const cut = database.transaction(async (transaction) => {
      const own = 'SELECT pg_backend_pid() AS pid';
      const pid = (await transaction.query<{ pid: number }>('pid', own))[0]?.pid ?? 0;
      await other.query('terminate', 'SELECT pg_terminate_backend($1)', [pid]);
      const find = 'SELECT 1 FROM pg_stat_activity WHERE pid = $1';
      await expect.poll(() => other.query('find', find, [pid])).toEqual([]);
      await transaction.query('one', 'SELECT 1');
    });
    await expect(cut).rejects.toMatchObject({ code: 'database-away' });
    expect(await database.query('one', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('gives up on a statement that takes too long', async () => {
    const database = await open(test.url, { statementTimeoutMs: 500 });
    await expect(database.query('slow', 'SELECT pg_sleep(60)')).rejects.toMatchObject({
      code: 'database-away',
      message: expect.stringContaining('statement timeout'),
    });
  });

  it('gives up on a server that has fallen silent', async () => {
    const wire = await openWire();
    const database = await open(wire.url, { statementTimeoutMs: 500, connectTimeoutMs: 2_000 });
    wire.silence();
    await expect(database.query('one', 'SELECT 1')).rejects.toMatchObject({
      code: 'database-away',
      message: expect.stringContaining('Query read timeout'),
    });
  });

  it('lets nobody wait for a connection forever', async () => {
    const database = await open(test.url, { maxConnections: 1, connectTimeoutMs: 1_000 });
    await database.transaction(async () => {
      const away = { code: 'database-away' };
      await expect(database.query('one', 'SELECT 1')).rejects.toMatchObject(away);
      await expect(database.transaction(async () => 1)).rejects.toMatchObject(away);
    });
  });

  it('closes once, and is away afterwards', async () => {
    const database = await open(test.url);
    expect(database.close()).toBe(database.close());
    await database.close();
    await expect(database.query('one', 'SELECT 1')).rejects.toMatchObject({
      code: 'database-away',
    });
  });
});

describe('a bad DATABASE_URL is an error that says what to do', () => {
  const altered = (change: (url: URL) => void) => {
    const url = new URL(test.url);
    change(url);
    return url.href;
  };

  it.each([
    [
      'nothing listens',
      () => 'postgres://127.0.0.1:1/x',
      'refused the connection (ECONNREFUSED 127.0.0.1:1): is PostgreSQL running?',
    ],
    [
      'a host with several addresses refuses',
      () => 'postgres://localhost:1/x',
      '(ECONNREFUSED localhost:1)',
    ],
    [
      'the host is unknown',
      () => 'postgres://nowhere.invalid/x',
      'names a host that cannot be found',
    ],
    [
      'the password is wrong',
      () =>
        altered((url) => {
          url.password = 'wrong';
        }),
      'check its user and password',
    ],
    [
      'the database is missing',
      () =>
        altered((url) => {
          url.pathname = '/missing';
        }),
      'names a database that is not there',
    ],
    ['it is no URL', () => 'localhost', 'is not a PostgreSQL address'],
    ['it is another protocol', () => 'mysql://localhost/x', 'is not a PostgreSQL address'],
  ])('when %s', async (_case, url, message) => {
    const error = await openPgDatabase(url()).catch((error: Error) => error);
    expect(error).toMatchObject({ code: 'bad-setting', message: expect.stringContaining(message) });
    expect((error as Error).message).toContain('DATABASE_URL');
    expect((error as Error).message).not.toContain('wrong');
  });

  it('when the server accepts and then says nothing', async () => {
    const server = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    const { port } = server.address() as { port: number };
    const opening = openPgDatabase(`postgres://127.0.0.1:${port}/x`, { connectTimeoutMs: 100 });
    await expect(opening).rejects.toMatchObject({
      code: 'bad-setting',
      message: expect.stringContaining(`PostgreSQL at 127.0.0.1:${port} cannot be used`),
    });
  });
});
