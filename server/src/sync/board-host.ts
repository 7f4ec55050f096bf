import { Hocuspocus } from '@hocuspocus/server';

/**
 * Hocuspocus 4.7 with its race of unloading and loading closed: a document opened within microtasks
 * of its unload was handed out destroyed. The other half is the `setImmediate` that `Boards` awaits in
 * `beforeUnloadDocument`: by then, whoever got hold of the document has connected to it, and
 * Hocuspocus' own check after the hook keeps the document.
 */
export class BoardHost<Context> extends Hocuspocus<Context> {
  override async createDocument(
    ...args: Parameters<Hocuspocus<Context>['createDocument']>
  ): ReturnType<Hocuspocus<Context>['createDocument']> {
    const [documentName] = args;
    await this.unloadingDocuments.get(documentName);
    return super.createDocument(...args);
  }
}
