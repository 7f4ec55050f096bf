import * as Y from 'yjs';
import { KeptCopy } from './kept-copy.ts';
import type { StorageBackend } from './storage.ts';

/** A server as seen from pages: one document, and who has its edits in the log. */
export const server = { name: 'server' };

/** What a page does with its copy, without a network: `sync` exchanges everything with a server's document. */
export class TestPage {
  readonly copy: KeptCopy;
  doc = new Y.Doc();
  edits = 0;

  private constructor(copy: KeptCopy) {
    this.copy = copy;
  }

  static async open(backend: StorageBackend): Promise<TestPage> {
    const copy = new KeptCopy('acme/x', backend);
    const restored = await copy.load();
    const page = new TestPage(copy);
    page.edits = restored;
    page.attach();
    return page;
  }

  attach(): void {
    const { copy, doc } = this;
    doc.on('update', (_update: Uint8Array, origin: unknown) => {
      if (origin !== server && copy.sourceOf(origin) !== 'store') this.edits += 1;
    });
    copy.attach(doc, { isFromServer: (origin) => origin === server, edits: () => this.edits });
  }

  set(key: string, value: unknown): void {
    this.doc.getMap('m').set(key, value);
  }

  get content(): unknown {
    return this.doc.getMap('m').toJSON();
  }

  /** Everything goes both ways and is committed. */
  sync(remote: Y.Doc): void {
    Y.applyUpdate(remote, Y.encodeStateAsUpdate(this.doc, Y.encodeStateVector(remote)));
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(remote, Y.encodeStateVector(this.doc)), server);
    this.copy.saved(this.edits);
  }

  /** The page goes away at once; what is on its way to the store arrives or not. */
  async close(): Promise<void> {
    await this.copy.close();
    this.doc.destroy();
  }
}
