import { HocuspocusProvider } from '@hocuspocus/provider';
import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import { readFrame } from './frame.ts';

/** The stock provider, which also takes a SyncStep2 in the second version of Yjs' format. */
export class BoardProvider extends HocuspocusProvider {
  override onMessage(event: MessageEvent): void {
    const bytes = new Uint8Array(event.data as ArrayBuffer);
    const { kind, body } = readFrame(bytes) ?? {};
    if (kind !== 'step2V2' || body === undefined) {
      super.onMessage(event);
      return;
    }
    const head = bytes.subarray(0, body.pos - 1);
    Y.applyUpdateV2(this.document, decoding.readVarUint8Array(body), this);
    // With a SyncStep2 that brings nothing, of two bytes, it counts as synced.
    super.onMessage({ data: new Uint8Array([...head, 1, 2, 0, 0]) } as unknown as MessageEvent);
  }
}
