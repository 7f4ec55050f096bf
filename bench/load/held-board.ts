import * as Y from 'yjs';
import { eventually } from '../../test/support/wait.ts';
import type { Site } from '../contestants/contestant.ts';
import { withDatabase } from '../machine/services.ts';
import { BenchClient } from './bench-client.ts';
import { type BoardSize, contentOf, largeBoard } from './large-board.ts';

/** A board on a server, and the two who have it open: so it stays loaded. */
export interface HeldBoard {
  readonly board: string;
  /** All of its content. */
  readonly doc: Y.Doc;
  leave(): Promise<void>;
}

const WITHIN_MS = 30_000;
/** Stock Hocuspocus stores 2 s after the last edit, and 10 s after the first one at the latest. */
const STORED_WITHIN_MS = 20_000;

/** Has one client make a board, and another one see that all of it got there. */
export async function makeBoard(site: Site, board: string, size: BoardSize): Promise<HeldBoard> {
  const { doc, parts } = largeBoard(size);
  const reader = await BenchClient.open(site.at(0, 'reader'), board, { witness: true });
  const author = await BenchClient.open(site.at(0, 'author'), board);
  for (const part of parts) author.sendUpdate(part);
  await eventually(
    () => author.unacked.length === 0 && reader.doc?.getMap('widgets').size === size.widgets,
    { timeoutMs: WITHIN_MS, what: `${board} to be made` },
  );
  if (reader.doc === undefined || contentOf(reader.doc) !== contentOf(doc)) {
    throw new Error(`${board} is not what was sent`);
  }
  return {
    board,
    doc,
    async leave() {
      await Promise.all([reader.close(), author.close()]);
    },
  };
}

/** Resolves when the server's database has all of these boards: for one that acks what it has not stored. */
export async function untilAllStored(site: Site, docs: ReadonlyMap<string, Y.Doc>): Promise<void> {
  const { databaseUrl, contestant } = site;
  if (databaseUrl === undefined || contestant.ack === 'saved') return;
  const missing = new Map([...docs].map(([board, doc]) => [board, Y.encodeStateVector(doc)]));
  await withDatabase(databaseUrl, async (client) => {
    const look = async () => {
      const { rows } = await client.query<{ name: string; data: Buffer }>(
        'SELECT name, data FROM documents WHERE name = ANY($1)',
        [[...missing.keys()]],
      );
      for (const { name, data } of rows) {
        const wanted = missing.get(name);
        const stored = Y.encodeStateVectorFromUpdate(new Uint8Array(data));
        if (wanted !== undefined && Buffer.compare(wanted, stored) === 0) missing.delete(name);
      }
      return missing.size === 0;
    };
    await eventually(look, { timeoutMs: STORED_WITHIN_MS, what: 'the boards to be stored' });
  });
}
