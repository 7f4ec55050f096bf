import { type Client, createClient } from '@tessera/client';
import { onDatabase } from '../support/log.ts';
import { createDatabase } from '../support/postgres.ts';
import { startProxy } from '../support/proxy.ts';
import { removeFolder, startTestNode, temporaryFolder, tokenFor } from '../support/tessera.ts';

export { SECRET, tokenFor } from '../support/tessera.ts';
export { eventually } from '../support/wait.ts';

// What a page of documentation runs in: imported by its hidden lines as `#around`.

const databaseUrl = await createDatabase();
const node = await startTestNode({ DATABASE_URL: databaseUrl });

/** The network between the page's clients and the node. */
export const network = await startProxy({ port: Number(new URL(node.url).port) });

/** Where the page's clients connect. */
export const url = syncUrl(network.url(node.url));

/** A folder of the page's own. */
export const folder = await temporaryFolder();

const others: Client[] = [];

/** Another user, with a network of their own. */
export function another(name = 'bob'): Client {
  const client = createClient({ url: syncUrl(node.url), token: tokenFor(name) });
  others.push(client);
  return client;
}

/** What restoring a database from a backup does to a board: it begins anew, in another epoch. */
export async function reset(board: string): Promise<void> {
  await onDatabase(databaseUrl, async (database) => {
    await database.query('BEGIN');
    await database.query('SELECT 1 FROM boards WHERE id = $1 FOR UPDATE', [board]);
    await database.query('DELETE FROM updates WHERE board = $1', [board]);
    await database.query('DELETE FROM snapshots WHERE board = $1', [board]);
    await database.query(
      'UPDATE boards SET epoch = gen_random_uuid(), head = 0, snapshot_seq = 0 WHERE id = $1',
      [board],
    );
    await database.query('COMMIT');
  });
  node.boardWasReset(board);
}

/** Ends all of this. */
export async function close(): Promise<void> {
  await Promise.all(others.map((client) => client.close()));
  await node.close();
  await network.close();
  await removeFolder(folder);
}

function syncUrl(httpUrl: string): string {
  return new URL('sync', httpUrl.replace('http', 'ws')).href;
}
