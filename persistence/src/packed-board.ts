import type { StoredBoard } from './board-store.ts';

/** A stored board as a few flat buffers: cloning 20,000 updates to a thread one by one takes too long. */
export interface PackedBoard {
  board: string;
  epoch: string;
  head: number;
  snapshotSeq: number | undefined;
  seqs: Float64Array<ArrayBuffer>;
  /** Of the snapshot (0 without one), then of each update. */
  lengths: Uint32Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Copies the board; who and when are left out. The buffers can be given away. */
export function packBoard({ board, epoch, head, snapshot, updates }: StoredBoard): PackedBoard {
  const values = [snapshot?.bytes ?? new Uint8Array(), ...updates.map((update) => update.bytes)];
  const lengths = Uint32Array.from(values, (value) => value.byteLength);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const value of values) {
    bytes.set(value, offset);
    offset += value.byteLength;
  }
  const seqs = Float64Array.from(updates, (update) => update.seq);
  return { board, epoch, head, snapshotSeq: snapshot?.seq, seqs, lengths, bytes };
}

/** Views on the packed bytes, without copying them. */
export function unpackBoard(packed: PackedBoard): StoredBoard {
  const { board, epoch, head, snapshotSeq, seqs, lengths } = packed;
  let offset = 0;
  const take = (index: number) => {
    const start = offset;
    offset += lengths[index] ?? 0;
    return packed.bytes.subarray(start, offset);
  };
  const snapshotBytes = take(0);
  const snapshot =
    snapshotSeq === undefined ? undefined : { seq: snapshotSeq, bytes: snapshotBytes };
  const updates = Array.from(seqs, (seq, index) => ({
    seq,
    actor: '',
    createdAt: new Date(0),
    bytes: take(index + 1),
  }));
  return { board, epoch, head, snapshot, updates };
}
