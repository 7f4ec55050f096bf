import {
  HocuspocusProviderWebsocket,
  type HocuspocusProviderWebsocketConfiguration,
} from '@hocuspocus/provider';
import { type Frame, readFrame } from './frame.ts';

/**
 * The connection of a client, shared by its boards. The stock one queues what is sent while it is
 * closed. Here that is dropped: the exchange at the start of a connection carries every edit, and
 * queued copies would be answered as well, which makes it impossible to know what is saved. And it
 * connects as soon as there is a network again, where the stock one would go on waiting, up to 30 s.
 */
export class BoardSocket extends HocuspocusProviderWebsocket {
  /** Asked before each frame of a board; false keeps it from being sent. */
  readonly gates = new Map<string, (frame: Frame) => boolean>();

  /** Told not to connect until it is told otherwise. */
  isAway = false;

  readonly #cameOnline = () => {
    if (this.shouldConnect) void this.connect();
  };

  constructor(options: HocuspocusProviderWebsocketConfiguration) {
    super(options);
    globalThis.addEventListener?.('online', this.#cameOnline);
  }

  override destroy(): void {
    globalThis.removeEventListener?.('online', this.#cameOnline);
    super.destroy();
  }

  override send(message: Uint8Array): void {
    const { webSocket } = this;
    if (webSocket === null || webSocket.readyState !== webSocket.OPEN) return;
    const frame = readFrame(message);
    const gate = frame && this.gates.get(frame.address);
    if (frame !== undefined && gate?.(frame) === false) return;
    super.send(frame?.kind === 'step1' ? withUpdateVersion(message) : message);
  }
}

/** Tells the server, behind what servers of the protocol read, that it may answer in version 2. */
function withUpdateVersion(step1: Uint8Array): Uint8Array {
  return new Uint8Array([...step1, 2]);
}
