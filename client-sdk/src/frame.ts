import * as decoding from 'lib0/decoding';

/** The frames of the Hocuspocus protocol that decide what is saved; all others are `other`. */
export type FrameKind =
  | 'step1'
  | 'step2'
  | 'update'
  | 'step2V2'
  | 'saved'
  | 'refused'
  | 'closed'
  | 'other';

export interface Frame {
  /** The board, as its provider addresses it. */
  readonly address: string;
  readonly kind: FrameKind;
  /** What stands behind that. */
  readonly body: decoding.Decoder;
}

const syncKinds: readonly FrameKind[] = ['step1', 'step2', 'update', 'step2V2'];

/** Reads the head of a frame. Undefined if it has none: pings are a single byte. */
export function readFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const body = decoding.createDecoder(bytes);
  const address = decoding.readVarString(body);
  return { address, kind: readKind(body), body };
}

function readKind(body: decoding.Decoder): FrameKind {
  switch (decoding.readVarUint(body)) {
    case 0:
      return syncKinds[decoding.readVarUint(body)] ?? 'other';
    case 7:
      return 'closed';
    case 8:
      return decoding.readVarUint(body) === 1 ? 'saved' : 'refused';
    default:
      return 'other';
  }
}

/** Why the server closed a board. */
export function readReason({ body }: Frame): string {
  return decoding.readVarString(body);
}
