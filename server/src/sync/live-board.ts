import type { Document } from '@hocuspocus/server';
import type { TesseraError } from '@tessera/model';
import type { BoardHead } from '@tessera/persistence';
import * as Y from 'yjs';
import type { Revocable } from '../auth/revocations.ts';
import type { BoardContent, ContentRules } from '../content/board-content.ts';
import { type Audience, Broadcast } from './broadcast.ts';
import { CatchUp, type CatchUpOptions } from './catch-up.ts';
import { Joins } from './joins.ts';
import { BoardPresence, type TellNodes } from './presence.ts';

/** A connection's view of a board, as the board needs it. */
export interface BoardMember extends Audience {
  readonly identity: Revocable;
  /** Tries again what it sent and the board could not take yet; true if anything was taken. */
  retryHeld(): boolean;
  /** Ends this board on its connection, with the reason. */
  refuse(error: TesseraError): void;
  sendMessage(text: string): void;
  /** The board has more unsaved edits than it may: its editors are not read from, or are again. */
  holdEdits(isHeld: boolean): void;
}

export interface LiveBoardOptions {
  /** Reads the board's log after a seq. */
  readLog: CatchUpOptions['read'];
  tellNodes: TellNodes;
  /** The board can no longer be served; its members have been refused. */
  failed(error: TesseraError): void;
  joinsPerSecond: number;
  rules: ContentRules;
}

/** Origin of updates that the log has already: they come from other nodes. */
export const fromLog = Object.freeze({ source: 'log' });

/** A board that is loaded on this node. */
export class LiveBoard {
  readonly id: string;
  readonly epoch: string;
  readonly document: Document;
  readonly presence: BoardPresence;
  readonly joins: Joins;
  readonly content: BoardContent;
  readonly catchUp: CatchUp;
  readonly members = new Set<BoardMember>();
  /** Members holding updates that lean on ones the board does not have. */
  readonly holding = new Set<BoardMember>();
  readonly broadcast = new Broadcast(this.members);
  #failure: TesseraError | undefined;

  constructor(document: Document, { epoch, head }: BoardHead, options: LiveBoardOptions) {
    this.id = document.name;
    this.document = document;
    this.epoch = epoch;
    this.presence = new BoardPresence(options.tellNodes);
    this.joins = new Joins(document, { perSecond: options.joinsPerSecond });
    this.content = options.rules.of(document);
    this.catchUp = new CatchUp({
      head,
      epoch,
      apply: (updates) => this.#merge(updates),
      read: options.readLog,
      failed: (error) => {
        options.failed(error);
        this.fail(error);
      },
    });
  }

  /** Seq up to which the document has the log. */
  get head(): number {
    return this.catchUp.head;
  }

  /** Why nobody may join any more, until the board is loaded anew. */
  get failure(): TesseraError | undefined {
    return this.#failure;
  }

  /** After an update: others may have been waiting for it, and others again for those. */
  retryHeld(): void {
    let progress = this.holding.size > 0;
    while (progress) {
      progress = false;
      // A copy: who still cannot be helped puts itself back into the set.
      for (const member of [...this.holding]) progress = member.retryHeld() || progress;
    }
  }

  /** Sends everybody away with the reason; nobody joins until the board is loaded anew. */
  fail(error: TesseraError): void {
    this.#failure = error;
    for (const member of this.members) member.refuse(error);
  }

  /** Sends one actor away, from all of its connections. */
  kick(actor: string, error: TesseraError): void {
    this.sift((identity) => (identity.actor === actor ? error : undefined));
  }

  /** Sends away those whom the question gives a reason for. */
  sift(reasonFor: (identity: Revocable) => TesseraError | undefined): void {
    for (const member of this.members) {
      const error = reasonFor(member.identity);
      if (error !== undefined) member.refuse(error);
    }
  }

  sendToAll(text: string): void {
    for (const member of this.members) member.sendMessage(text);
  }

  close(): void {
    this.broadcast.close();
    this.joins.close();
    this.content.close();
    this.presence.close();
    this.catchUp.close();
  }

  #merge(updates: readonly Uint8Array[]): void {
    this.document.transact(() => {
      for (const update of updates) Y.applyUpdate(this.document, update, fromLog);
    }, fromLog);
    const { pendingStructs, pendingDs } = this.document.store;
    if (pendingStructs !== null || pendingDs !== null) {
      throw new Error('the updates lean on others that the log does not have before them');
    }
    this.retryHeld();
  }
}
