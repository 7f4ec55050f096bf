import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import type { DecodedUpdate } from './update.ts';

export type Struct = DecodedUpdate['structs'][number];

/** A range of clocks of one client. */
export interface ClockRange {
  clock: number;
  len: number;
}

/**
 * A Yjs V1 update of structs and deletions. The structs of each client are in one run, without gaps;
 * of the first one, the part before `knownUpTo` its client is left out.
 */
export function encodeUpdate(
  structs: readonly Struct[],
  deletions: ReadonlyMap<number, readonly ClockRange[]>,
  knownUpTo: (client: number) => number,
): Uint8Array {
  const encoder = new Y.UpdateEncoderV1();
  const runs = Map.groupBy(structs, ({ id }) => id.client);
  encoding.writeVarUint(encoder.restEncoder, runs.size);
  for (const [client, run] of runs) {
    const start = Math.max(run[0]?.id.clock ?? 0, knownUpTo(client));
    encoding.writeVarUint(encoder.restEncoder, run.length);
    encoder.writeClient(client);
    encoding.writeVarUint(encoder.restEncoder, start);
    for (const struct of run) struct.write(encoder, Math.max(start - struct.id.clock, 0));
  }
  encoding.writeVarUint(encoder.restEncoder, deletions.size);
  for (const [client, ranges] of deletions) {
    encoder.resetDsCurVal();
    encoding.writeVarUint(encoder.restEncoder, client);
    encoding.writeVarUint(encoder.restEncoder, ranges.length);
    for (const { clock, len } of ranges) {
      encoder.writeDsClock(clock);
      encoder.writeDsLen(len);
    }
  }
  return encoder.toUint8Array();
}
