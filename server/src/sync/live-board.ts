import type { Document } from '@hocuspocus/server';
import type { TesseraError } from '@tessera/model';
import { BoardPresence } from './presence.ts';

/** A connection's view of a board, as the board needs it. */
export interface BoardMember {
  /** Tries again what it sent and the board could not take yet; true if anything was taken. */
  retryHeld(): boolean;
  /** Ends this board on its connection, with the reason. */
  refuse(error: TesseraError): void;
  sendMessage(text: string): void;
}

/** A board that is loaded on this node. */
export class LiveBoard {
  readonly id: string;
  readonly epoch: string;
  readonly document: Document;
  readonly presence = new BoardPresence();
  readonly members = new Set<BoardMember>();
  /** Members holding updates that lean on ones the board does not have. */
  readonly holding = new Set<BoardMember>();
  /** Seq of the newest committed update. */
  head: number;

  constructor(document: Document, epoch: string, head: number) {
    this.id = document.name;
    this.document = document;
    this.epoch = epoch;
    this.head = head;
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

  refuseAll(error: TesseraError): void {
    for (const member of this.members) member.refuse(error);
  }

  sendToAll(text: string): void {
    for (const member of this.members) member.sendMessage(text);
  }
}
