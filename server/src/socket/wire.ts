import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { AuthType, type Frame, FrameType, readFrame } from './frames.ts';

/** How one kind of client speaks: inside the server every message is a Hocuspocus frame. */
export interface Wire {
  readonly protocol: 'hocuspocus' | 'y-websocket';
  /** @throws TesseraError `malformed` */
  read(message: Uint8Array): Frame;
  /** What to send for this frame; undefined when the protocol has no word for it. */
  write(frame: Uint8Array): Uint8Array | undefined;
}

export const hocuspocusWire: Wire = {
  protocol: 'hocuspocus',
  read: readFrame,
  write: (frame) => frame,
};

/** y-websocket messages are Hocuspocus frames of one board without the address in front. */
export function yWebsocketWire(board: string): Wire {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, board);
  const address = encoding.toUint8Array(encoder);
  return {
    protocol: 'y-websocket',
    read(message) {
      const frame = new Uint8Array(address.length + message.length);
      frame.set(address);
      frame.set(message, address.length);
      return readFrame(frame);
    },
    write(frame) {
      const message = frame.subarray(address.length);
      switch (message[0]) {
        case FrameType.sync:
        case FrameType.awareness:
          return message;
        case FrameType.syncReply: {
          const copy = message.slice();
          copy[0] = FrameType.sync;
          return copy;
        }
        case FrameType.auth:
          return permissionDenied(message);
        default:
          return undefined;
      }
    },
  };
}

/** y-protocols' auth message: `[2][0][reason]`; there is none for a token that was accepted. */
function permissionDenied(message: Uint8Array): Uint8Array | undefined {
  const body = decoding.createDecoder(message.subarray(1));
  if (decoding.readVarUint(body) !== AuthType.permissionDenied) return undefined;
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, FrameType.auth);
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarString(encoder, decoding.readVarString(body));
  return encoding.toUint8Array(encoder);
}
