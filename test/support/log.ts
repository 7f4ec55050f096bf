import { applyStoredBoard, createSqlBoardStore, openDatabase } from '@tessera/persistence';
import pg from 'pg';
import * as Y from 'yjs';

/** Calls `work` with a connection of its own to the database, and closes that. */
export async function onDatabase<T>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * The boards whose log, as one moment shows it, is not 1, 2, 3 … up to their head. A seq that is seen
 * before a smaller one was committed out of order, so looking often enough finds that too.
 */
export async function gapsOf(client: pg.Client): Promise<unknown[]> {
  const { rows } = await client.query(`
    SELECT id, head, count(seq) AS rows, min(seq), max(seq)
    FROM boards LEFT JOIN updates ON board = id
    GROUP BY id
    HAVING count(seq) <> head OR max(seq) <> head OR min(seq) <> 1`);
  return rows;
}

/** What the log says the boards are; undefined for one that is not in it. */
export async function docsInLog(
  databaseUrl: string,
  boards: readonly string[],
): Promise<(Y.Doc | undefined)[]> {
  const store = createSqlBoardStore(await openDatabase({ databaseUrl, dataDir: '' }));
  const docs = await Promise.all(
    boards.map(async (board) => {
      const stored = await store.load(board, { ignoreSnapshot: true });
      if (stored === undefined) return undefined;
      const doc = new Y.Doc();
      applyStoredBoard(doc, stored);
      return doc;
    }),
  );
  await store.close();
  return docs;
}
