import * as Y from 'yjs';
import type { Site } from '../contestants/contestant.ts';
import { withDatabase } from '../machine/services.ts';
import { writeLog } from './long-log.ts';

/**
 * Puts a board into the database of a server as the server itself leaves it there: stock Hocuspocus one
 * document; Tessera its log, and a snapshot of all of it unless the log was never compacted.
 */
export async function storeBoard(
  { databaseUrl, contestant }: Site,
  board: string,
  { updates, isCompacted }: { updates: readonly Uint8Array[]; isCompacted: boolean },
): Promise<Y.Doc> {
  if (databaseUrl === undefined) throw new Error(`${contestant.name} has no database`);
  const doc = new Y.Doc();
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update);
  });
  if (contestant.ack !== 'saved') {
    await withDatabase(databaseUrl, (client) =>
      client.query('INSERT INTO documents (name, data) VALUES ($1, $2)', [
        board,
        Y.encodeStateAsUpdate(doc),
      ]),
    );
    return doc;
  }
  await writeLog(databaseUrl, board, updates);
  if (isCompacted) {
    await withDatabase(databaseUrl, (client) =>
      client.query(
        `WITH written AS (
           INSERT INTO snapshots (board, epoch, seq, bytes)
           SELECT id, epoch, head, $2 FROM boards WHERE id = $1 RETURNING board, seq
         )
         UPDATE boards SET snapshot_seq = seq FROM written WHERE id = board`,
        [board, Y.encodeStateAsUpdateV2(doc)],
      ),
    );
  }
  return doc;
}
