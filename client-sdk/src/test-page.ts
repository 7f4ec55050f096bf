import * as Y from 'yjs';
import type { LocalStore } from './storage.ts';
import { LocalCopy } from './storage-copy.ts';
import { TabLink } from './tabs.ts';

/** A server as seen from pages: one document, and who has its edits in the log. */
export const server = { name: 'server' };

/** What a page does with its copy, without a network: `sync` exchanges everything with a server's document. */
export class TestPage {
  readonly copy: LocalCopy;
  readonly link: TabLink | undefined;
  doc = new Y.Doc();
  edits = 0;

  private constructor(copy: LocalCopy, link: TabLink | undefined) {
    this.copy = copy;
    this.link = link;
  }

  static async open(store: LocalStore | undefined, channel?: string): Promise<TestPage> {
    const copy = new LocalCopy('acme/x', store);
    await copy.load();
    const link = channel === undefined ? undefined : new TabLink('acme/x', channel, copy);
    const page = new TestPage(copy, link);
    page.edits = copy.unsaved?.count ?? 0;
    page.attach();
    return page;
  }

  attach(): void {
    const { copy, link, doc } = this;
    const sourceOf = (origin: unknown) => {
      if (origin === server) return 'server';
      return origin === link && link !== undefined ? 'tab' : 'local';
    };
    doc.on('update', (_update: Uint8Array, origin: unknown) => {
      if (origin !== server && origin !== copy) this.edits += 1;
    });
    copy.attach(doc, { sourceOf, edits: () => this.edits });
    link?.attach(doc);
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
    this.link?.close();
    await this.copy.close();
    this.doc.destroy();
  }
}
