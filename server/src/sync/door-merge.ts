import { type DecodedUpdate, encodeUpdate, endOfRun } from '@tessera/model';
import * as Y from 'yjs';

type Struct = DecodedUpdate['structs'][number];

/** Structs and ranges of deletions between two looks at the clock: some 20 µs, if nothing is wrong. */
const PARTS_IN_ONE_GO = 32;

/** Merging took too long. */
export class OutOfTime extends Error {}

/**
 * Merges an update of many parts into a document as Y.applyUpdate does, and gives up when that has taken
 * more than `maxMs` of this thread's time. What Yjs takes for a part grows with the number of those that
 * were put in the same place, so a few megabytes can take it hours (yjs 13.6.33), and no count tells.
 *
 * The update is complete (see `isComplete`); its structs are used up.
 * @returns false when structs lean on each other in a circle: they are left out.
 * @throws OutOfTime in the middle of it
 */
export function mergeWithin(
  document: Y.Doc,
  update: DecodedUpdate,
  origin: unknown,
  maxMs: number,
): boolean {
  const watch = new Watch(maxMs);
  return Y.transact(
    document,
    (transaction) => {
      const isWhole = integrate(transaction, update.structs, watch);
      for (const [client, ranges] of update.ds.clients) {
        for (let at = 0; at < ranges.length; at += PARTS_IN_ONE_GO) {
          watch.look();
          const some = ranges.slice(at, at + PARTS_IN_ONE_GO);
          Y.applyUpdate(document, deletionsOnly(client, some), origin);
        }
      }
      return isWhole;
    },
    origin,
    false,
  );
}

/** Follows Yjs' integrateStructs: each struct after those it leans on, the largest client id first. */
function integrate(transaction: Y.Transaction, structs: Struct[], watch: Watch): boolean {
  const { doc } = transaction;
  const { store } = doc;
  const runs = runsOf(structs);
  const take = (client: number): Struct | undefined => {
    const run = runs.get(client);
    return run === undefined || run.next === run.end ? undefined : structs[run.next++];
  };
  let integrated = 0;
  /** Each leans on the one behind it. */
  const waiting: Struct[] = [];
  for (const client of [...runs.keys()].sort((a, b) => b - a)) {
    for (let at = take(client); at !== undefined; ) {
      if (integrated++ % PARTS_IN_ONE_GO === 0) watch.look();
      namesToTypes(at, doc);
      const offset = Y.getState(store, at.id.client) - at.id.clock;
      const missing = at instanceof Y.Skip || offset < 0 ? null : at.getMissing(transaction, store);
      if (missing === null) {
        if (offset < 0) return false;
        if (!(at instanceof Y.Skip) && (offset === 0 || offset < at.length)) {
          at.integrate(transaction, offset);
        }
        at = waiting.pop() ?? take(client);
      } else {
        waiting.push(at);
        at = take(missing);
        if (at === undefined) return false;
      }
    }
  }
  return true;
}

/** Where the structs of each client are, which come one behind the other. */
function runsOf(structs: readonly Struct[]): Map<number, { next: number; end: number }> {
  const runs = new Map<number, { next: number; end: number }>();
  for (let from = 0; from < structs.length; ) {
    const end = endOfRun(structs, from);
    runs.set(structs[from]?.id.client ?? 0, { next: from, end });
    from = end;
  }
  return runs;
}

/** A decoded item has the name of a root type where Yjs expects the type. */
function namesToTypes(struct: Struct, doc: Y.Doc): void {
  if (!(struct instanceof Y.Item)) return;
  const parent: unknown = struct.parent;
  if (typeof parent === 'string') struct.parent = doc.get(parent);
}

class Watch {
  readonly #maxMs: number;
  readonly #start = process.threadCpuUsage();
  readonly #startedAt = performance.now();

  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  look(): void {
    // A thread never takes more than the time that passes, which is faster to ask for.
    if (performance.now() - this.#startedAt <= this.#maxMs) return;
    const { user, system } = process.threadCpuUsage(this.#start);
    if ((user + system) / 1000 > this.#maxMs) throw new OutOfTime();
  }
}

function deletionsOnly(
  client: number,
  ranges: readonly { clock: number; len: number }[],
): Uint8Array {
  return encodeUpdate([], new Map([[client, ranges]]), () => 0);
}
