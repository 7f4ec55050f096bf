import { Hocuspocus } from '@hocuspocus/server';

/** Some hundred small updates. Larger ones go out one by one, which merging would hardly make cheaper. */
const BROADCAST_BYTES = 8 * 1024;

/**
 * Hocuspocus 4.7 with its race of unloading and loading closed: a document opened within microtasks
 * of its unload was handed out destroyed. The other half is the `setImmediate` that `Boards` awaits in
 * `beforeUnloadDocument`: by then, whoever got hold of the document has connected to it, and
 * Hocuspocus' own check after the hook keeps the document.
 *
 * And with smaller broadcasts: it merges what came within a turn of the event loop, up to 1 MiB, and
 * Y.mergeUpdates takes time that grows with the square of their number. A client that sent 40,000 small
 * edits at once stopped the node for 17 s.
 */
export class BoardHost<Context> extends Hocuspocus<Context> {
  override async createDocument(
    ...args: Parameters<Hocuspocus<Context>['createDocument']>
  ): ReturnType<Hocuspocus<Context>['createDocument']> {
    const [documentName] = args;
    await this.unloadingDocuments.get(documentName);
    const document = await super.createDocument(...args);
    document.flushMaxBytes = BROADCAST_BYTES;
    return document;
  }
}
