import { FrameType, SyncType, syncFrame } from '../../server/src/socket/frames.ts';
import { hocuspocusWire, yWebsocketWire } from '../../server/src/socket/wire.ts';
import { Editor, largeBoard } from './board.ts';
import type { MicroGroup } from './micro.ts';

const BOARD = 'acme/sales-q3';
const FRAMES = 1_000;

/** From bytes to a frame that knows its board, and back. */
export function frameMicros(): MicroGroup {
  const updates = new Editor(largeBoard()).take(FRAMES);
  const frames = updates.map((update) => syncFrame(BOARD, FrameType.sync, SyncType.update, update));
  const bridge = yWebsocketWire(BOARD);
  const bare = frames.map((frame) => bridge.write(frame) ?? frame);
  return {
    name: 'frames of an edit',
    micros: [
      {
        name: 'read',
        times: FRAMES,
        run: () => frames.reduce((sum, frame) => sum + hocuspocusWire.read(frame).type, 0),
      },
      {
        name: 'read, from y-websocket',
        times: FRAMES,
        run: () => bare.reduce((sum, frame) => sum + bridge.read(frame).type, 0),
      },
      {
        name: 'write',
        times: FRAMES,
        run: () =>
          updates.reduce(
            (sum, update) =>
              sum + syncFrame(BOARD, FrameType.sync, SyncType.update, update).byteLength,
            0,
          ),
      },
    ],
  };
}
