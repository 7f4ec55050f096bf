/**
 * The peer: a stock Hocuspocus with its Redis and Database extensions, set up as their documentation
 * does, all settings at their defaults. Settings come in DATABASE_URL and REDIS_URL. Prints its address,
 * and ends when its standard input does, so that it cannot outlive who started it.
 */
import { Database } from '@hocuspocus/extension-database';
import { Redis } from '@hocuspocus/extension-redis';
import { Server } from '@hocuspocus/server';
import pg from 'pg';

const { DATABASE_URL, REDIS_URL } = process.env;
if (DATABASE_URL === undefined || REDIS_URL === undefined) {
  throw new Error('DATABASE_URL or REDIS_URL is missing: this script is started by two-nodes.ts');
}
const redis = new URL(REDIS_URL);
const pool = new pg.Pool({ connectionString: DATABASE_URL });

const server = new Server({
  address: '127.0.0.1',
  port: 0,
  quiet: true,
  extensions: [
    new Redis({ host: redis.hostname, port: Number(redis.port) }),
    new Database({
      fetch: async ({ documentName }) => {
        const { rows } = await pool.query<{ data: Buffer }>(
          'SELECT data FROM documents WHERE name = $1',
          [documentName],
        );
        return rows[0]?.data ?? null;
      },
      store: async ({ documentName, state }) => {
        await pool.query(
          `INSERT INTO documents (name, data) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET data = excluded.data`,
          [documentName, state],
        );
      },
    }),
  ],
});
await server.listen();
console.log(`http://127.0.0.1:${server.address.port}`);
process.stdin.on('end', () => process.exit()).resume();
