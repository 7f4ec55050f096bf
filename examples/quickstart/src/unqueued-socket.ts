import { HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { createDecoder, readVarString, readVarUint } from 'lib0/decoding';

const DOCUMENT_SYNC = 0;

/**
 * The stock socket, except that it does not queue edits while there is no connection. The exchange
 * that opens a connection carries them anyway, and a queued edit would be answered on top of it:
 * the provider would then count to "all saved" one answer too early.
 */
export class UnqueuedSocket extends HocuspocusProviderWebsocket {
  override send(message: unknown): void {
    const connected = this.status === 'connected';
    if (!connected && message instanceof Uint8Array && isDocumentSync(message)) return;
    super.send(message);
  }
}

function isDocumentSync(frame: Uint8Array): boolean {
  const decoder = createDecoder(frame);
  readVarString(decoder); // the board
  return readVarUint(decoder) === DOCUMENT_SYNC;
}
