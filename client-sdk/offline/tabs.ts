import * as Y from 'yjs';
import type { EditsUpTo, UnsavedEdits } from './storage.ts';

/** What a link needs of the copy whose document it shares. */
export interface TabCopy {
  readonly marks: {
    readonly writer: string;
    readonly held: EditsUpTo;
    readonly unsaved: UnsavedEdits | undefined;
  };
  readonly lineage: string | undefined;
  /** Calls the listener with each edit made here, and what it is called. Returns the way to stop. */
  onEdit(listener: (update: Uint8Array, edit: UnsavedEdits) => void): () => void;
  /** The document got edits that another tab made. */
  hold(unsaved: UnsavedEdits): void;
  /** The document got all that another tab held, of which this was unsaved there. */
  holdAll(held: EditsUpTo, unsaved: UnsavedEdits | undefined): void;
  /** Another tab follows this lineage. */
  heardOf(lineage: string): void;
}

/** What tabs say to each other; `v` is raised when tabs of an older page could not read it. */
type TabMessage = {
  readonly v: 1;
  readonly board: string;
  readonly from: string;
  readonly lineage: string | undefined;
} & (
  | { readonly kind: 'edit'; readonly update: Uint8Array; readonly edit: UnsavedEdits }
  /** Asks for what the sender misses: all tabs or one. */
  | { readonly kind: 'ask'; readonly to?: string; readonly vector: Uint8Array }
  | {
      readonly kind: 'state';
      readonly to: string;
      readonly update: Uint8Array;
      readonly held: EditsUpTo;
      readonly unsaved: UnsavedEdits | undefined;
    }
);

/**
 * Shows the tabs of one browser each other's edits, network or not. An edit of another tab is
 * applied with this link as the origin; it is unsaved here as well, and this tab sends it to the
 * server too, as the tab that made it may be gone by then. The server takes it once. Tabs whose
 * copies are of different lineages do not hear each other. Presence is no matter of this.
 */
export class TabLink {
  readonly #channel: BroadcastChannel;
  readonly #board: string;
  readonly #copy: TabCopy;
  readonly #stopListening: () => void;
  #doc: Y.Doc | undefined;

  constructor(board: string, channel: string, copy: TabCopy) {
    this.#board = board;
    this.#copy = copy;
    this.#channel = new BroadcastChannel(`${channel}:${board}`);
    this.#channel.onmessage = ({ data }: { data: TabMessage }) => this.#received(data);
    this.#stopListening = copy.onEdit((update, edit) => {
      if (this.#doc !== undefined) this.#send({ kind: 'edit', update, edit });
    });
  }

  /** Exchanges this document with the other tabs. Attach again when the copy got a lineage. */
  attach(doc: Y.Doc): void {
    this.#doc = doc;
    this.#ask(doc);
  }

  detach(): void {
    this.#doc = undefined;
  }

  close(): void {
    this.detach();
    this.#stopListening();
    this.#channel.close();
  }

  #received(message: TabMessage): void {
    const doc = this.#doc;
    const { writer } = this.#copy.marks;
    if (doc === undefined || message.v !== 1 || message.board !== this.#board) return;
    if (message.lineage !== undefined) this.#copy.heardOf(message.lineage);
    if (message.lineage !== this.#copy.lineage) return;
    if ('to' in message && message.to !== writer) return;
    switch (message.kind) {
      case 'edit':
        Y.applyUpdate(doc, message.update, this);
        this.#hold(doc, message.from, message.edit);
        break;
      case 'ask':
        this.#answer(doc, message.from, message.vector);
        // Whoever asks everybody has just opened, and may hold what nobody else does.
        if (message.to === undefined) this.#ask(doc, message.from);
        break;
      case 'state': {
        Y.applyUpdate(doc, message.update, this);
        this.#copy.holdAll(message.held, message.unsaved);
        break;
      }
    }
  }

  /** The number of an edit vouches for all before it, so none may be missing. */
  #hold(doc: Y.Doc, from: string, edit: UnsavedEdits): void {
    const known = this.#copy.marks.held[from] ?? 0;
    if (edit.upTo[from] === known + 1) this.#copy.hold(edit);
    else if ((edit.upTo[from] ?? 0) > known) this.#ask(doc, from);
  }

  #ask(doc: Y.Doc, to?: string): void {
    const vector = Y.encodeStateVector(doc);
    this.#send(to === undefined ? { kind: 'ask', vector } : { kind: 'ask', to, vector });
  }

  #answer(doc: Y.Doc, to: string, vector: Uint8Array): void {
    const { held, unsaved } = this.#copy.marks;
    const update = Y.encodeStateAsUpdate(doc, vector);
    this.#send({ kind: 'state', to, update, held: { ...held }, unsaved });
  }

  #send(message: Said): void {
    const { lineage, marks } = this.#copy;
    const whole = { v: 1, board: this.#board, from: marks.writer, lineage, ...message } as const;
    this.#channel.postMessage(whole satisfies TabMessage);
  }
}

type Said = DistributiveOmit<TabMessage, 'v' | 'board' | 'from' | 'lineage'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
