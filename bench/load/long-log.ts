import * as Y from 'yjs';
import { withDatabase } from '../machine/services.ts';
import { FIRST_CLIENT_ID } from './paced-writer.ts';

const ROWS_A_STATEMENT = 20_000;

/** Sets of single keys of one small board: a board's worth of log, an update a set. */
export function updatesOfSets(count: number, keys = 20): Uint8Array[] {
  const doc = new Y.Doc();
  doc.clientID = FIRST_CLIENT_ID;
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  const widgets = doc.getMap<Y.Map<unknown>>('widgets');
  for (let n = 0; n < count; n++) {
    const id = `widget-${n % keys}`;
    const widget = widgets.get(id);
    if (widget === undefined) widgets.set(id, new Y.Map([['value', n]]));
    else widget.set('value', n);
  }
  doc.destroy();
  return updates;
}

/**
 * Puts a board with a long log and no snapshot into Tessera's database, as many commits leave it behind:
 * through a socket, it would be compacted on the way.
 */
export async function writeLog(
  databaseUrl: string,
  board: string,
  updates: readonly Uint8Array[],
): Promise<void> {
  await withDatabase(databaseUrl, async (client) => {
    await client.query('BEGIN');
    await client.query('INSERT INTO boards (id, head) VALUES ($1, $2)', [board, updates.length]);
    for (let from = 0; from < updates.length; from += ROWS_A_STATEMENT) {
      await client.query(
        `INSERT INTO updates (board, seq, actor, bytes)
         SELECT $1, $2 + place, 'bench', bytes
         FROM unnest($3::bytea[]) WITH ORDINALITY AS row (bytes, place)`,
        [board, from, updates.slice(from, from + ROWS_A_STATEMENT)],
      );
    }
    await client.query('COMMIT');
  });
}
