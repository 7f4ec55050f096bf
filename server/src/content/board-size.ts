import {
  type DecodedUpdate,
  maxSplitBytes,
  type PlaceWeight,
  weighUpdate,
  widgetsOf,
} from '@tessera/model';
import * as Y from 'yjs';
import type { Objection } from './objection.ts';

export interface SizeLimits {
  /** Of the document, encoded as clients are sent it. */
  readonly maxBytes: number;
  readonly maxWidgets: number;
}

/** Encoding a board that is full, to see whether it still is, may take this share of the time … */
const MEASURING_SHARE = 0.05;
/** … and so much at once, which is no limit for a board of some MiB. */
const MEASURING_BURST_MS = 250;
/** Of larger updates the structs are counted, for a better estimate. */
const SMALL_BYTES = 1024;
/** What the document adds to each struct at most: of garbage, the range that it deletes. */
const RANGE_BYTES = 16;
/** Deletions that free less than they cost may take a full board so far. */
const ROOM_FOR_DELETIONS = 2;

/**
 * How large a board is, and what of an update would make it too large. The bytes are an estimate that is
 * never too low: measured once, and from then on whatever is applied adds what it may add at most. Only
 * where the estimate is beyond the limit the document is measured again.
 */
export class BoardSize {
  readonly #document: Y.Doc;
  readonly #limits: SizeLimits;
  /** Undefined until the first edit here. */
  #bytes: number | undefined;
  #widgets = 0;
  /** Something was applied since it was measured. */
  #isEstimate = false;
  #measuringMs = 0;
  #measuredAt = 0;

  constructor(document: Y.Doc, limits: SizeLimits) {
    this.#document = document;
    this.#limits = limits;
  }

  /** `entries`: how many keys of the root type `widgets` the update sets at most. */
  objectionsTo(update: DecodedUpdate, updateBytes: number, entries: number): Objection[] {
    const { maxBytes, maxWidgets } = this.#limits;
    const growth = growthAtMost(update, updateBytes);
    const bytes = this.#bytesWithRoomFor(growth);
    const mayBeFull = bytes + growth > maxBytes;
    const mayBeCrowded = this.#widgets + entries > maxWidgets;
    if (!mayBeFull && !mayBeCrowded) return [];
    const { places, garbage } = weighUpdate(update, this.#document);
    const after = places.reduce((sum, { brings }) => sum + brings, bytes + garbage);
    const newEntries = places.filter((weight) => weight.newEntries.size > 0);
    const added = new Set(newEntries.flatMap((weight) => [...weight.newEntries])).size;
    if (this.#widgets + added > maxWidgets && added > 0) {
      const reason = this.#whyCrowded(added);
      return newEntries.map(({ place }) => ({ place, rule: 'widgets', reason }));
    }
    const isTooMuch = ({ brings, frees, hasNews }: PlaceWeight) =>
      brings > frees && after > (hasNews ? maxBytes : maxBytes * ROOM_FOR_DELETIONS);
    const tooMuch = places.filter(isTooMuch);
    if (tooMuch.length === 0) return [];
    const reason = this.#whyFull();
    return tooMuch.map(({ place }) => ({ place, rule: 'bytes', reason }));
  }

  /** Of the board; exact if it is close to the limit, unless that was asked too often. */
  #bytesWithRoomFor(growth: number): number {
    this.#bytes ??= this.#begin();
    if (this.#isEstimate && this.#bytes + growth > this.#limits.maxBytes) {
      const drained = (performance.now() - this.#measuredAt) * MEASURING_SHARE;
      if (this.#measuringMs - drained < MEASURING_BURST_MS) this.#bytes = this.#measure();
    }
    return this.#bytes;
  }

  #begin(): number {
    const widgets = widgetsOf(this.#document);
    this.#widgets = widgets.size;
    widgets.observe(({ changes }) => {
      for (const { action } of changes.keys.values()) {
        if (action === 'add') this.#widgets += 1;
        else if (action === 'delete') this.#widgets -= 1;
      }
    });
    this.#document.on('update', (update, _origin, _document, transaction) => {
      if (this.#bytes === undefined) return;
      // `_mergeStructs` has every item that was split, each of which takes a head of its own from now on.
      this.#bytes +=
        growthBy(update, transaction) + maxSplitBytes * transaction._mergeStructs.length;
      this.#isEstimate = true;
    });
    return this.#measure();
  }

  #measure(): number {
    const startedAt = performance.now();
    const { byteLength } = Y.encodeStateAsUpdate(this.#document);
    const now = performance.now();
    const drained = (now - this.#measuredAt) * MEASURING_SHARE;
    this.#measuringMs = Math.max(0, this.#measuringMs - drained) + (now - startedAt);
    this.#measuredAt = now;
    this.#isEstimate = false;
    return byteLength;
  }

  #whyFull(): string {
    const { maxBytes } = this.#limits;
    return `the board is full: it has ${inMiB(this.#bytes ?? 0)} of ${inMiB(maxBytes)} MiB`;
  }

  #whyCrowded(added: number): string {
    const { maxWidgets } = this.#limits;
    const [there, more, most] = [this.#widgets, added, maxWidgets].map((n) =>
      n.toLocaleString('en'),
    );
    return `the board is full: it has ${there} widgets, and ${more} more would be above the limit of ${most}`;
  }
}

/** Each part may fall into the middle of items, and each piece of them takes a head of its own then. */
function growthAtMost({ structs, ds }: DecodedUpdate, bytes: number): number {
  let parts = structs.length;
  for (const ranges of ds.clients.values()) parts += ranges.length;
  return bytes + 2 * maxSplitBytes * parts;
}

/** By an update that was applied. At worst it is garbage and letters by turns: 7 bytes that become 16. */
function growthBy(update: Uint8Array, transaction: Y.Transaction): number {
  const bytes = update.byteLength;
  if (bytes <= SMALL_BYTES) return 3 * bytes;
  return bytes + RANGE_BYTES * structsWritten(transaction);
}

/** How many structs are in the update that Yjs has just written of a transaction (13.6, `writeClientsStructs`). */
function structsWritten({ doc: { store }, beforeState }: Y.Transaction): number {
  let written = 0;
  for (const [client, structs] of store.clients) {
    const before = beforeState.get(client) ?? 0;
    if (Y.getState(store, client) > before)
      written += structs.length - Y.findIndexSS(structs, before);
  }
  return written;
}

function inMiB(bytes: number): string {
  return (bytes / 1024 / 1024).toLocaleString('en', { maximumSignificantDigits: 3 });
}
