import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { decodeUpdate, expectCanonical, isComplete } from './update.ts';
import { type ClockRange, encodeUpdate, type Struct } from './update-encode.ts';
import { filterUpdate, type Refused, type UpdateRules } from './update-filter.ts';

/** What an item of a hand-made update says of itself; Yjs sends `parent` only without neighbours. */
export interface ForgedItem {
  id: [client: number, clock: number];
  origin?: Y.ID;
  rightOrigin?: Y.ID;
  parent?: Y.ID | string;
  key?: string;
  content?: Y.Item['content'];
}

export function forge({ id, origin, rightOrigin, parent, key, content }: ForgedItem): Y.Item {
  return new Y.Item(
    Y.createID(...id),
    null,
    origin ?? null,
    null,
    rightOrigin ?? null,
    // Before it is integrated an item has a name or an id for its parent; the type leaves out the name.
    (parent ?? null) as Y.ID | null,
    key ?? null,
    content ?? new Y.ContentString('forged'),
  );
}

/** Bytes of an update that no Yjs has made. */
export function forgedUpdate(
  structs: readonly Struct[],
  deletions: Readonly<Record<number, ClockRange[]>> = {},
): Uint8Array {
  const ranges = Object.entries(deletions).map(([client, of]) => [Number(client), of] as const);
  return encodeUpdate(structs, new Map(ranges), () => 0);
}

/** The runs and deletions one behind the other, even if several are of one client. */
export function forgedRuns(
  runs: readonly (readonly Struct[])[],
  deletions: readonly { client: number; ranges: readonly ClockRange[] }[] = [],
): Uint8Array {
  const encoder = new Y.UpdateEncoderV1();
  encoding.writeVarUint(encoder.restEncoder, runs.length);
  for (const run of runs) {
    encoding.writeVarUint(encoder.restEncoder, run.length);
    encoder.writeClient(run[0]?.id.client ?? 0);
    encoding.writeVarUint(encoder.restEncoder, run[0]?.id.clock ?? 0);
    for (const struct of run) struct.write(encoder, 0);
  }
  encoding.writeVarUint(encoder.restEncoder, deletions.length);
  for (const { client, ranges } of deletions) {
    encoding.writeVarUint(encoder.restEncoder, client);
    encoding.writeVarUint(encoder.restEncoder, ranges.length);
    for (const { clock, len } of ranges) {
      encoder.writeDsClock(clock);
      encoder.writeDsLen(len);
    }
  }
  return encoder.toUint8Array();
}

/** What a node does with an update. */
export function applyFiltered(
  doc: Y.Doc,
  bytes: Uint8Array,
  rules: UpdateRules,
): Refused | undefined {
  const update = decodeUpdate(bytes);
  expectCanonical(update, bytes);
  if (!isComplete(update, doc)) throw new Error('the update is not complete');
  const filtered = filterUpdate(update, bytes, doc, rules);
  Y.applyUpdate(doc, filtered.bytes);
  return filtered.refused;
}
