import {
  type DecodedUpdate,
  decodeUpdate,
  type FilteredUpdate,
  isComplete,
  isIntegrated,
  TesseraError,
} from '@tessera/model';
import * as Y from 'yjs';

/**
 * Merges a client's update into a board, which appends it to the journal before this returns.
 * Hocuspocus would apply and ack anything: y-protocols swallows what Yjs throws, and Yjs parks an
 * update with missing dependencies outside the document and the log.
 *
 * `filter` is given the update when it is known to be complete, and says what to merge of it; what
 * it throws leaves the board as it is.
 *
 * @returns false, with nothing changed, when the update leans on others that the board does not have.
 * @throws TesseraError `malformed` when the bytes are no update or Yjs cannot integrate them.
 */
export function applyUpdate(
  document: Y.Doc,
  bytes: Uint8Array,
  origin: unknown,
  filter?: (update: DecodedUpdate) => FilteredUpdate,
): boolean {
  const update = decodeUpdate(bytes);
  if (!isComplete(update, document)) return false;
  const taken = filter?.(update) ?? { bytes, structs: update.structs };
  try {
    Y.applyUpdate(document, taken.bytes, origin);
  } catch (cause) {
    throw new TesseraError('malformed', 'the update cannot be integrated', { cause });
  }
  const { store } = document;
  if (store.pendingStructs !== null || store.pendingDs !== null) {
    // Complete, and still not integrated: its structs lean on each other in a circle.
    store.pendingStructs = null;
    store.pendingDs = null;
    throw new TesseraError('malformed', 'the update refers to itself in a circle');
  }
  if (!isIntegrated(taken, document)) {
    throw new TesseraError('malformed', 'the update was integrated in part only');
  }
  return true;
}
