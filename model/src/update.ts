import * as Y from 'yjs';
import { TesseraError } from './errors.ts';

/** A decoded Yjs V1 update: its structs in clock order per client, and its delete set. */
export type DecodedUpdate = ReturnType<typeof Y.decodeUpdate>;

/**
 * Decodes a Yjs V1 update without applying it.
 * @throws TesseraError `malformed` when the bytes are no complete update.
 */
export function decodeUpdate(bytes: Uint8Array): DecodedUpdate {
  try {
    return Y.decodeUpdate(bytes);
  } catch (cause) {
    throw new TesseraError('malformed', 'the bytes are not a Yjs update', { cause });
  }
}

/**
 * Whether everything the update refers to is in `doc` or in the update itself. Yjs would park any
 * other update in memory, where it is neither in the document nor in the log.
 */
export function isComplete(update: DecodedUpdate, doc: Y.Doc): boolean {
  const known = new Map<number, number>();
  const end = (client: number): number => known.get(client) ?? Y.getState(doc.store, client);
  for (const struct of update.structs) {
    const { client, clock } = struct.id;
    if (clock > end(client)) return false;
    if (!(struct instanceof Y.Skip))
      known.set(client, Math.max(end(client), clock + struct.length));
  }
  const has = (id: Y.ID | string | null | undefined): boolean =>
    !(id instanceof Y.ID) || id.clock < end(id.client);
  for (const struct of update.structs) {
    if (struct instanceof Y.Item) {
      // Before it is integrated, an item's parent is a root type's name or the id of its container.
      const parent = struct.parent as Y.ID | string | null;
      if (!has(struct.origin) || !has(struct.rightOrigin) || !has(parent)) return false;
    }
  }
  for (const [client, ranges] of update.ds.clients) {
    for (const range of ranges) if (range.clock + range.len > end(client)) return false;
  }
  return true;
}

/** Whether every struct of the update is in `doc`: false when Yjs gave up in the middle of it. */
export function isIntegrated(
  update: { readonly structs: readonly DecodedUpdate['structs'][number][] },
  doc: Y.Doc,
): boolean {
  return update.structs.every(
    (struct) =>
      struct instanceof Y.Skip ||
      struct.id.clock + struct.length <= Y.getState(doc.store, struct.id.client),
  );
}
