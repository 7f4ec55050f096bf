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
  const snapshotBytes = snapshot?.bytes ?? new Uint8Array();
  const seqs = new Float64Array(updates.length);
  const lengths = new Uint32Array(1 + updates.length);
  lengths[0] = snapshotBytes.byteLength;
  let total = snapshotBytes.byteLength;
  for (const [index, update] of updates.entries()) {
    seqs[index] = update.seq;
    lengths[index + 1] = update.bytes.byteLength;
    total += update.bytes.byteLength;
  }
  const bytes = new Uint8Array(total);
  bytes.set(snapshotBytes);
  let offset = snapshotBytes.byteLength;
  for (const update of updates) {
    bytes.set(update.bytes, offset);
    offset += update.bytes.byteLength;
  }
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
