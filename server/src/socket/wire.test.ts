import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import {
  awarenessFrame,
  FrameType,
  permissionDeniedFrame,
  SyncType,
  syncFrame,
  syncStatusFrame,
  writeFrame,
} from './frames.ts';
import { hocuspocusWire, yWebsocketWire } from './wire.ts';

const BOARD = 'acme/board';
const wire = yWebsocketWire(BOARD);

describe('the wire of a y-websocket client', () => {
  it('puts the board in front of what comes in', () => {
    const frame = wire.read(new Uint8Array([FrameType.awareness, 1, 0]));
    expect(frame).toMatchObject({ address: BOARD, board: BOARD, type: FrameType.awareness });
    expect(frame.bytes).toEqual(awarenessFrame(BOARD, new Uint8Array([0])));
  });

  it('takes it off what goes out, and knows one kind of sync message', () => {
    const payload = new Uint8Array([7]);
    const expected = new Uint8Array([FrameType.sync, SyncType.update, 1, 7]);
    for (const type of [FrameType.sync, FrameType.syncReply] as const) {
      expect(wire.write(syncFrame(BOARD, type, SyncType.update, payload))).toEqual(expected);
    }
  });

  it('says in its own words that a token was refused', () => {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, FrameType.auth);
    encoding.writeVarUint(encoder, 0);
    encoding.writeVarString(encoder, 'no');
    expect(wire.write(permissionDeniedFrame(BOARD, 'no'))).toEqual(encoding.toUint8Array(encoder));
  });

  it('has no words for acks, messages and accepted tokens', () => {
    const accepted = writeFrame(BOARD, FrameType.auth, (encoder) => {
      encoding.writeVarUint(encoder, 2);
      encoding.writeVarString(encoder, 'read-write');
    });
    for (const frame of [syncStatusFrame(BOARD, true), accepted]) {
      expect(wire.write(frame)).toBeUndefined();
    }
  });
});

describe('the wire of a Hocuspocus client', () => {
  it('tells the board from the session in an address', () => {
    const frame = syncStatusFrame(`${BOARD}\0tab`, true);
    expect(hocuspocusWire.read(frame)).toMatchObject({ board: BOARD, address: `${BOARD}\0tab` });
    expect(hocuspocusWire.write(frame)).toBe(frame);
  });

  it('refuses frames that end too early', () => {
    for (const bytes of [[], [3], [1, 97]]) {
      expect(() => hocuspocusWire.read(new Uint8Array(bytes))).toThrow(/malformed/);
    }
  });
});
