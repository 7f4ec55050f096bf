import {
  checkBoardBudget,
  type DecodedUpdate,
  decodeUpdate,
  expectCanonical,
  type FilteredUpdate,
  isComplete,
  isIntegrated,
  TesseraError,
} from '@tessera/model';
import * as Y from 'yjs';
import { mergeWithin, OutOfTime } from './door-merge.ts';

/**
 * Of this thread's time, for merging one update. What people make takes 1 to 5 µs a part; other nodes take
 * this one for gone when it stands still for 3.5 s.
 */
const MERGE_MS = { atLeast: 250, perPart: 0.02, atMost: 3_000 };

/** Updates of more parts are merged with an eye on the time they take. */
const MANY_PARTS = 32;

/** Documents that an update has left half merged, and why. */
const damaged = new WeakMap<Y.Doc, Error>();

/** Why the document is not to be used any more: it has a part of an update that the log does not have. */
export function damageOf(document: Y.Doc): Error | undefined {
  return damaged.get(document);
}

/**
 * Merges a client's update into a board, which appends it to the journal before this returns.
 * Hocuspocus would apply and ack anything: y-protocols swallows what Yjs throws, and Yjs parks an
 * update with missing dependencies outside the document and the log.
 *
 * `filter` is given the update when it is known to be complete, and says what to merge of it; what
 * it throws leaves the board as it is.
 *
 * An update that Yjs fails on in the middle leaves a document that is neither what it was nor what it
 * would be. It is destroyed before it tells anybody (see `damageOf`), so that nothing of the update gets
 * into the log or to other clients; the board has to be loaded anew.
 *
 * @returns false, with nothing changed, when the update leans on others that the board does not have.
 * @throws TesseraError `malformed` when the bytes are no update or Yjs cannot integrate them, `too-large`
 * when there is more in it than `updateBudget` allows, or merging it takes too long.
 */
export function applyUpdate(
  document: Y.Doc,
  bytes: Uint8Array,
  origin: unknown,
  filter?: (update: DecodedUpdate) => Pick<FilteredUpdate, 'bytes' | 'decoded'>,
  { atLeast, perPart, atMost } = MERGE_MS,
): boolean {
  const update = decodeUpdate(bytes);
  expectCanonical(update, bytes);
  if (!isComplete(update, document)) return false;
  checkBoardBudget(update, document);
  const taken = filter?.(update) ?? { bytes, decoded: update };
  const parts = partsOf(taken.decoded);
  const { store } = document;
  let isWhole = true;
  const merge = () => {
    if (parts <= MANY_PARTS) Y.applyUpdate(document, taken.bytes, origin);
    else {
      const maxMs = Math.min(atLeast + parts * perPart, atMost);
      isWhole = mergeWithin(document, taken.decoded, origin, maxMs);
    }
  };
  orDestroy(document, origin, merge);
  if (!isWhole || store.pendingStructs !== null || store.pendingDs !== null) {
    // Complete, and still not integrated: its structs lean on each other in a circle.
    store.pendingStructs = null;
    store.pendingDs = null;
    throw new TesseraError('malformed', 'the update refers to itself in a circle');
  }
  if (!isIntegrated(taken.decoded, document)) {
    throw new TesseraError('malformed', 'the update was integrated in part only');
  }
  return true;
}

/** Merges in a transaction around Yjs' own, which would send out what it has even when it fails. */
function orDestroy(document: Y.Doc, origin: unknown, merge: () => void): void {
  const destroy = (cause: unknown): never => {
    const error =
      cause instanceof OutOfTime
        ? new TesseraError('too-large', 'merging the update takes too long', { cause })
        : new TesseraError('malformed', 'the update cannot be integrated', { cause });
    damaged.set(document, error);
    document.destroy();
    throw error;
  };
  const attempt = () => {
    try {
      merge();
    } catch (cause) {
      destroy(cause);
    }
  };
  try {
    Y.transact(document, attempt, origin, false);
  } catch (cause) {
    // What is thrown later comes of cleaning up, when the update has been sent out.
    throw damageOf(document) ?? destroy(cause);
  }
}

function partsOf({ structs, ds }: DecodedUpdate): number {
  let parts = structs.length;
  for (const ranges of ds.clients.values()) parts += ranges.length;
  return parts;
}
