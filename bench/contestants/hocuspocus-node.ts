/**
 * One node of stock Hocuspocus, all of it at its defaults: in memory, or with the Database extension
 * (`DATABASE_URL`) and the Redis extension (`REDIS_URL`).
 */
import { Database } from '@hocuspocus/extension-database';
import { Redis } from '@hocuspocus/extension-redis';
import { type Extension, Server } from '@hocuspocus/server';
import pg from 'pg';

const { DATABASE_URL, REDIS_URL, PORT } = process.env;
const extensions: Extension[] = [];
if (REDIS_URL !== undefined) {
  const { hostname, port } = new URL(REDIS_URL);
  extensions.push(new Redis({ host: hostname, port: Number(port) }));
}
if (DATABASE_URL !== undefined) {
  const pool = new pg.Pool({ connectionString: DATABASE_URL });
  extensions.push(
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
  );
}

const server = new Server({ address: '127.0.0.1', port: Number(PORT), quiet: true, extensions });
await server.listen();
console.log(`http://127.0.0.1:${server.address.port}`);
process.stdin.on('end', () => process.exit()).resume();
