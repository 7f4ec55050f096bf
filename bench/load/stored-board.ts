import * as Y from 'yjs';
import { eventually } from '../../test/support/wait.ts';
import type { Site } from '../contestants/contestant.ts';
import { withDatabase } from '../machine/services.ts';

/** What a database has of a board. */
export interface StoredBoard {
  /** Of the snapshot, or of the whole document that is rewritten with each store. */
  readonly bytes: number;
  /** What else is kept: the log. */
  readonly logBytes: number;
  readonly logRows: number;
}

const STORED_WITHIN_MS = 20_000;

/**
 * Waits until the database has all of a board that nobody has open any more: a snapshot of the whole log,
 * or a document that is equal to `content`. Throws if it has not in time.
 */
export async function untilStored(site: Site, board: string, content: Y.Doc): Promise<StoredBoard> {
  const { databaseUrl } = site;
  if (databaseUrl === undefined) throw new Error(`${site.contestant.name} has no database`);
  const look = site.contestant.ack === 'saved' ? lookForSnapshot : lookForDocument;
  let stored: StoredBoard | undefined;
  await eventually(
    async () => {
      stored = await look(databaseUrl, board, content);
      return stored !== undefined;
    },
    { timeoutMs: STORED_WITHIN_MS, what: `all of ${board} to be in the database` },
  );
  if (stored === undefined) throw new Error(`${board} is not in the database`);
  return stored;
}

/** A compacted board of Tessera. */
async function lookForSnapshot(url: string, board: string): Promise<StoredBoard | undefined> {
  return withDatabase(url, async (client) => {
    const { rows } = await client.query<StoredBoard>(
      `SELECT octet_length(s.bytes) AS bytes, log.bytes::float8 AS "logBytes", log.rows::int AS "logRows"
       FROM boards b JOIN snapshots s ON s.board = b.id AND s.seq = b.head,
         (SELECT sum(octet_length(bytes)) AS bytes, count(*) AS rows FROM updates WHERE board = $1) log
       WHERE b.id = $1`,
      [board],
    );
    return rows[0];
  });
}

/** A document of stock Hocuspocus. */
async function lookForDocument(
  url: string,
  board: string,
  content: Y.Doc,
): Promise<StoredBoard | undefined> {
  return withDatabase(url, async (client) => {
    const { rows } = await client.query<{ data: Buffer }>(
      'SELECT data FROM documents WHERE name = $1',
      [board],
    );
    const data = rows[0]?.data;
    if (data === undefined) return undefined;
    const doc = new Y.Doc();
    Y.applyUpdate(doc, data);
    const isEqual = Buffer.from(Y.encodeStateVector(doc)).equals(Y.encodeStateVector(content));
    doc.destroy();
    return isEqual ? { bytes: data.byteLength, logBytes: 0, logRows: 0 } : undefined;
  });
}
