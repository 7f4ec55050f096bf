import { Hocuspocus } from '@hocuspocus/server';

/**
 * Hocuspocus 4.7 with its race of unloading and loading closed: a document opened within microtasks
 * of its unload was handed out destroyed. The other half is the `setImmediate` that `Boards` awaits in
 * `beforeUnloadDocument`: by then, whoever got hold of the document has connected to it, and
 * Hocuspocus' own check after the hook keeps the document.
 *
 * And without its broadcast, which echoes every edit to its writer and has each socket build a frame of
 * its own: `Broadcast` sends the updates.
 */
export class BoardHost<Context> extends Hocuspocus<Context> {
  override async createDocument(
    ...args: Parameters<Hocuspocus<Context>['createDocument']>
  ): ReturnType<Hocuspocus<Context>['createDocument']> {
    const [documentName] = args;
    await this.unloadingDocuments.get(documentName);
    const document = await super.createDocument(...args);
    (document as unknown as { broadcastUpdate(): void }).broadcastUpdate = () => undefined;
    document.flushDelay = false;
    return document;
  }
}

/**
 * Takes from a connection of Hocuspocus 4.7 what has no use here: the timer by which it looks whether the
 * client still lives, which `Heartbeat` does, and an id of its own, a rope of pieces that takes 600 bytes.
 */
export function forgetWhatWeDo(
  connection: ReturnType<Hocuspocus['handleConnection']>,
  id: string,
): void {
  clearInterval(connection.pingInterval);
  Object.assign(connection, { socketId: id, pingInterval: undefined });
}
