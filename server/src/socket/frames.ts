import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { decodeOr } from '../decode.ts';

/** Message types of the Hocuspocus protocol that cross a socket. */
export const FrameType = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  syncReply: 4,
  stateless: 5,
  close: 7,
  syncStatus: 8,
  ping: 9,
  pong: 10,
} as const;

/**
 * The first three are those of y-protocols. `step2V2` is ours: a SyncStep2 whose update is in the second
 * version of Yjs' format, for clients whose SyncStep1 ends with the newest version they read.
 */
export const SyncType = { step1: 0, step2: 1, update: 2, step2V2: 3 } as const;
export const AuthType = { token: 0, permissionDenied: 1, authenticated: 2 } as const;

/**
 * One message of the Hocuspocus protocol. `address` is the board id, or `board\0session` from clients
 * that open a board several times on one socket.
 */
export interface Frame {
  bytes: Uint8Array;
  address: string;
  board: string;
  type: number;
  /** Stands behind the type. */
  body: decoding.Decoder;
}

/** @throws TesseraError `malformed` when the frame ends before its type. */
export function readFrame(bytes: Uint8Array): Frame {
  return decodeOr('the frame has no address and type', () => {
    const body = decoding.createDecoder(bytes);
    const address = decoding.readVarString(body);
    const type = decoding.readVarUint(body);
    const separator = address.indexOf('\0');
    const board = separator === -1 ? address : address.slice(0, separator);
    return { bytes, address, board, type, body };
  });
}

export function writeFrame(
  address: string,
  type: number,
  writeBody: (encoder: encoding.Encoder) => void,
): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, address);
  encoding.writeVarUint(encoder, type);
  writeBody(encoder);
  return encoding.toUint8Array(encoder);
}

/** @throws TesseraError `malformed` when an auth frame of a client brings no token. */
export function readToken({ body }: Frame): string {
  return decodeOr('the message has no token', () => {
    const authType = decoding.readVarUint(body);
    if (authType !== AuthType.token) throw new Error(`its type is ${authType}`);
    return decoding.readVarString(body);
  });
}

export function tokenFrame(address: string, token: string): Uint8Array {
  return writeFrame(address, FrameType.auth, (encoder) => {
    encoding.writeVarUint(encoder, AuthType.token);
    encoding.writeVarString(encoder, token);
  });
}

export function permissionDeniedFrame(address: string, reason: string): Uint8Array {
  return writeFrame(address, FrameType.auth, (encoder) => {
    encoding.writeVarUint(encoder, AuthType.permissionDenied);
    encoding.writeVarString(encoder, reason);
  });
}

export function closeFrame(address: string, reason: string): Uint8Array {
  return writeFrame(address, FrameType.close, (encoder) =>
    encoding.writeVarString(encoder, reason),
  );
}

/** `saved`: everything the answered message brought is in the log; false: it was not accepted. */
export function syncStatusFrame(address: string, saved: boolean): Uint8Array {
  return writeFrame(address, FrameType.syncStatus, (encoder) =>
    encoding.writeVarUint(encoder, saved ? 1 : 0),
  );
}

export function syncFrame(
  address: string,
  frameType: typeof FrameType.sync | typeof FrameType.syncReply,
  syncType: number,
  payload: Uint8Array,
): Uint8Array {
  return writeFrame(address, frameType, (encoder) => {
    encoding.writeVarUint(encoder, syncType);
    encoding.writeVarUint8Array(encoder, payload);
  });
}

/** A sync frame without its payload, which is sent behind it. */
export function syncHead(address: string, syncType: number, payload: Uint8Array): Uint8Array {
  return writeFrame(address, FrameType.sync, (encoder) => {
    encoding.writeVarUint(encoder, syncType);
    encoding.writeVarUint(encoder, payload.byteLength);
  });
}

export function awarenessFrame(address: string, update: Uint8Array): Uint8Array {
  return writeFrame(address, FrameType.awareness, (encoder) =>
    encoding.writeVarUint8Array(encoder, update),
  );
}
