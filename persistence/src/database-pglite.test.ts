import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fdatasyncSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { openPgliteDatabase } from './database-pglite.ts';
import { openDatabase } from './open-database.ts';
import { openPgliteEngine } from './pglite-engine.ts';

let folder: string;
let database: Database;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-pglite-'));
  // What a process leaves that was killed while it made the store.
  await mkdir(join(folder, 'pglite.unfinished'));
  await writeFile(join(folder, 'pglite.unfinished', 'PG_VERSION'), '18');
  database = await openDatabase({ dataDir: folder });
  await database.script('CREATE TABLE sums (n int)');
}, 30_000);

afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

const sum = async (from = database) =>
  (await from.query<{ sum: number }>('sum', 'SELECT coalesce(sum(n), 0) AS sum FROM sums'))[0]?.sum;

describe('the embedded database', () => {
  it('gives bigint as number, bytea as the same bytes, and time as Date', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    // A view in the middle of a buffer, as encoders make them.
    const view = Buffer.concat([bytes, bytes]).subarray(128, 384);
    const rows = await database.query(
      'types',
      `SELECT 5000000000::bigint AS n, $1::bytea AS bytes, 'epoch'::timestamptz AS at, $2::int[] AS list`,
      [view, [1, 2]],
    );
    const expected = Uint8Array.from(view);
    expect(rows).toEqual([{ n: 5_000_000_000, bytes: expected, at: new Date(0), list: [1, 2] }]);
    expect(view[0]).toBe(128);
  });

  it('throws the error of the database, with its SQLSTATE, and goes on', async () => {
    await expect(database.query('bad', 'SELEC 1')).rejects.toMatchObject({ code: '42601' });
    await expect(database.script('SELEC 1')).rejects.toMatchObject({ code: '42601' });
    expect(await database.query('one', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('keeps everybody else out of a transaction, and rolls back one that throws', async () => {
    const before = (await sum()) ?? 0;
    let other: Promise<unknown> | undefined;
    const failing = database.transaction(async (transaction) => {
      await transaction.query('insert', 'INSERT INTO sums VALUES ($1)', [100]);
      other = database.query('insert', 'INSERT INTO sums VALUES ($1)', [4]);
      await transaction.query('insert', 'INSERT INTO sums VALUES ($1)', [1000]);
      throw new Error('changed my mind');
    });
    const next = database.transaction(async (transaction) => {
      await transaction.script('INSERT INTO sums VALUES (1)');
      await transaction.script('INSERT INTO sums VALUES (2)');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await Promise.all([other, next]);
    expect(await sum()).toBe(before + 7);
  });

  it('refuses a second process, or a second opening, of the same folder', async () => {
    await expect(openDatabase({ dataDir: folder })).rejects.toMatchObject({
      code: 'bad-setting',
      message: expect.stringContaining(`${folder} is in use by process ${process.pid}`),
    });
  });
});

describe('the embedded store on disk', () => {
  it('is made whole before it has its name', async () => {
    expect((await readdir(folder)).sort()).toEqual(['lock', 'pglite']);
  });

  it('forces every commit to the disk', async () => {
    const own = await mkdtemp(join(tmpdir(), 'tessera-pglite-'));
    let syncs = 0;
    const engine = await openPgliteEngine(join(own, 'pglite'), (fd) => {
      syncs += 1;
      fdatasyncSync(fd);
    });
    try {
      await engine.script('CREATE TABLE numbers (n int)');
      const before = syncs;
      for (let n = 0; n < 20; n++) await engine.query('INSERT INTO numbers VALUES ($1)', [n]);
      expect(syncs - before).toBeGreaterThanOrEqual(20);
    } finally {
      await engine.close();
      await rm(own, { recursive: true });
    }
  }, 30_000);

  it('reports no commit that the disk refused', async () => {
    const own = await mkdtemp(join(tmpdir(), 'tessera-pglite-'));
    let disk = fdatasyncSync;
    const engine = await openPgliteEngine(join(own, 'pglite'), (fd) => disk(fd));
    await engine.script('CREATE TABLE numbers (n int)');
    disk = () => {
      throw new Error('EIO: i/o error');
    };
    const insert = engine.query('INSERT INTO numbers VALUES (1) RETURNING n', []);
    await expect(insert).rejects.toThrow('PGlite broke: Error: EIO: i/o error');
    disk = fdatasyncSync;
    await rm(own, { recursive: true });
  }, 30_000);

  it('has every row that was committed when its process was killed', async () => {
    const own = await mkdtemp(join(tmpdir(), 'tessera-pglite-'));
    const program = `
      const { openDatabase } = await import(process.argv[1]);
      const database = await openDatabase({ dataDir: process.argv[2] });
      await database.script('CREATE TABLE IF NOT EXISTS sums (n int)');
      for (let n = 1; ; n++) {
        await database.query('insert', 'INSERT INTO sums VALUES (1)');
        console.log(n);
      }`;
    const module = new URL('./open-database.ts', import.meta.url).href;
    let committed = 0;
    for (const wanted of [150, 333]) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, module, own], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const gone = once(child, 'exit');
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        seen = Number(line);
        if (seen === wanted) child.kill('SIGKILL');
      }
      await gone;
      committed += seen;
    }
    const reopened = await openDatabase({ dataDir: own });
    const found = (await sum(reopened)) ?? 0;
    await reopened.close();
    await rm(own, { recursive: true });
    // At most the one statement that was running at each kill has been committed and not told.
    expect(found).toBeGreaterThanOrEqual(committed);
    expect(found).toBeLessThanOrEqual(committed + 2);
  }, 30_000);

  it('starts the engine again from its files when it hangs', async () => {
    const own = await mkdtemp(join(tmpdir(), 'tessera-pglite-'));
    const hanging = await openPgliteDatabase(own, { answerTimeoutMs: 5_000 });
    await hanging.script('CREATE TABLE sums (n int); INSERT INTO sums VALUES (7)');
    const endless = hanging.query('endless', 'SELECT count(*) FROM generate_series(1, 1e15)');
    const asked = [endless, sum(hanging)];
    for (const result of await Promise.allSettled(asked)) {
      expect(result).toMatchObject({
        reason: { code: 'database-away', message: expect.stringContaining('does not answer') },
      });
    }
    expect(await sum(hanging)).toBe(7);
    await hanging.close();
    await rm(own, { recursive: true });
  }, 30_000);

  it('says so when its files cannot be used', async () => {
    const own = await mkdtemp(join(tmpdir(), 'tessera-pglite-'));
    await mkdir(join(own, 'pglite'));
    await writeFile(join(own, 'pglite', 'PG_VERSION'), '12');
    await expect(openDatabase({ dataDir: own })).rejects.toMatchObject({
      code: 'bad-setting',
      message: expect.stringContaining('cannot be opened'),
    });
    expect(await readdir(own)).toEqual(['pglite']);
    await rm(own, { recursive: true });
  }, 30_000);

  it('closes once, and is away afterwards', async () => {
    const closing = database.close();
    expect(database.close()).toBe(closing);
    await closing;
    await expect(database.query('one', 'SELECT 1')).rejects.toMatchObject({
      code: 'database-away',
    });
    expect(await readdir(folder)).toEqual(['pglite']);
  });
});
