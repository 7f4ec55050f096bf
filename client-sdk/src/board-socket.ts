import { HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { type Frame, readFrame } from './frame.ts';

/**
 * The connection of a client, shared by its boards. The stock one queues what is sent while it is
 * closed. Here that is dropped: the exchange at the start of a connection carries every edit, and
 * queued copies would be answered as well, which makes it impossible to know what is saved.
 */
export class BoardSocket extends HocuspocusProviderWebsocket {
  /** Asked before each frame of a board; false keeps it from being sent. */
  readonly gates = new Map<string, (frame: Frame) => boolean>();

  override send(message: Uint8Array): void {
    const { webSocket } = this;
    if (webSocket === null || webSocket.readyState !== webSocket.OPEN) return;
    const frame = readFrame(message);
    const gate = frame && this.gates.get(frame.address);
    if (frame === undefined || gate === undefined || gate(frame)) super.send(message);
  }
}
