import * as Y from 'yjs';
import { joinEntries, splitEntries } from '../sync/presence-codec.ts';

/**
 * What a slow reader was not sent of a board. However long it goes on, one update and one presence
 * message make up for it, so nothing has to be kept but where the reader stands.
 */
export class Backlog {
  readonly #document: Y.Doc;
  /** The clocks up to which the reader has each client's structs; undefined while it has all. */
  #has: Map<number, number> | undefined;
  readonly #presence = new Map<number, Uint8Array>();

  constructor(document: Y.Doc) {
    this.#document = document;
  }

  /** The reader is not sent this update, which the document has by now. */
  addUpdate(update: Uint8Array): void {
    if (this.#has !== undefined) return;
    const has = Y.decodeStateVector(Y.encodeStateVector(this.#document));
    for (const [client, clock] of Y.parseUpdateMeta(update).from) {
      has.set(client, Math.min(clock, has.get(client) ?? 0));
    }
    this.#has = has;
  }

  /** The reader is not sent this awareness update. */
  addPresence(update: Uint8Array): void {
    for (const [client, entry] of splitEntries(update)) this.#presence.set(client, entry);
  }

  /** All that the reader has to be sent now; what is put off from then on is another backlog's. */
  take(): { update: Uint8Array | undefined; presence: Uint8Array | undefined } {
    const update =
      this.#has && Y.encodeStateAsUpdate(this.#document, Y.encodeStateVector(this.#has));
    const presence =
      this.#presence.size > 0 ? joinEntries([...this.#presence.values()]) : undefined;
    return { update, presence };
  }
}
