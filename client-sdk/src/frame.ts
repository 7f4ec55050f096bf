import * as decoding from 'lib0/decoding';

/** The frames of the Hocuspocus protocol that decide what is saved; all others are `other`. */
export type FrameKind = 'step1' | 'step2' | 'update' | 'saved' | 'refused' | 'closed' | 'other';

export interface Frame {
  /** The board, as its provider addresses it. */
  readonly address: string;
  readonly kind: FrameKind;
  /** Of `closed`: why. */
  readonly reason: string;
}

const syncKinds: readonly FrameKind[] = ['step1', 'step2', 'update'];

/** Reads the head of a frame. Undefined if it has none: pings are a single byte. */
export function readFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const decoder = decoding.createDecoder(bytes);
  const address = decoding.readVarString(decoder);
  switch (decoding.readVarUint(decoder)) {
    case 0:
      return { address, kind: syncKinds[decoding.readVarUint(decoder)] ?? 'other', reason: '' };
    case 7:
      return { address, kind: 'closed', reason: reasonIn(decoder) };
    case 8:
      return {
        address,
        kind: decoding.readVarUint(decoder) === 1 ? 'saved' : 'refused',
        reason: '',
      };
    default:
      return { address, kind: 'other', reason: '' };
  }
}

/** A client that closes a board gives no reason. */
function reasonIn(decoder: decoding.Decoder): string {
  return decoding.hasContent(decoder) ? decoding.readVarString(decoder) : '';
}
