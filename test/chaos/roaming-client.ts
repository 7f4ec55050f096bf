import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import type { random } from '../support/random.ts';
import { RawClient } from '../support/raw-client.ts';
import { tokenFor } from '../support/tessera.ts';
import { type Edit, type EditBook, makeEdit } from './edits.ts';

export interface RoamingClientOptions {
  board: string;
  actor: string;
  /** Where to look for the edits that were made and acked. */
  book: EditBook;
  /** Addresses of the nodes that run at the moment. */
  urls(): readonly string[];
  random: ReturnType<typeof random>;
}

/** A node that has not synced by then may never: another is tried. */
const SYNC_LIMIT_MS = 5_000;
const BETWEEN_EDITS_MS = [50, 250] as const;
const STAYS_MS = [1_000, 10_000] as const;
const STAYS_AWAY_MS = [0, 1_500] as const;

/**
 * Somebody who edits one board, connected or not, and keeps the document while moving between nodes:
 * on its own now and then, and whenever its connection ends.
 */
export class RoamingClient {
  readonly #options: RoamingClientOptions;
  #doc = new Y.Doc();
  /** Changes with the document: what one wrote says nothing about what another did. */
  #writer: string;
  #tabs = 1;
  #edits = 0;
  /** Made and not acked, in order. */
  #unacked: Edit[] = [];
  /** What the acks of this connection stand for, in order; undefined before it answered SyncStep1. */
  #expected: Edit[][] | undefined;
  /** How many acks of this connection are in the book. */
  #settled = 0;
  #raw: RawClient | undefined;
  #url: string | undefined;
  #editing = true;
  #roaming = true;
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;
  connects = 0;

  constructor(options: RoamingClientOptions) {
    this.#options = options;
    this.#writer = `${options.actor}.1`;
    this.#ended = Promise.all([this.#edit(), this.#connect()]);
    // Awaited by `close`, perhaps long after it failed.
    this.#ended.catch(() => undefined);
  }

  get doc(): Y.Doc {
    return this.#doc;
  }

  /** The node it is connected to, or is about to be. */
  get url(): string | undefined {
    return this.#url;
  }

  get isConnected(): boolean {
    return this.#expected !== undefined && this.#raw?.closed === undefined;
  }

  /** How many of its edits wait for their ack. */
  get unacked(): number {
    this.#settle();
    return this.#unacked.length;
  }

  toString(): string {
    const { actor, board } = this.#options;
    const where = this.isConnected ? `on ${this.#url}` : 'not connected';
    return `${actor} of ${board}, ${where}, with ${this.unacked} unacked edits`;
  }

  /** Makes no more edits, and stays where it is connected. */
  rest(): void {
    this.#editing = false;
    this.#roaming = false;
  }

  /** Closes the tab and opens a new one: unacked edits are gone, as is what was seen of others'. */
  closeTab(): void {
    this.#disconnect();
    this.#unacked = [];
    this.#doc.destroy();
    this.#doc = new Y.Doc();
    this.#tabs += 1;
    this.#writer = `${this.#options.actor}.${this.#tabs}`;
  }

  /** Throws whatever made it give up. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#disconnect();
    await this.#ended.finally(() => this.#doc.destroy());
  }

  async #edit(): Promise<void> {
    const { random, book } = this.#options;
    while (await this.#pause(...BETWEEN_EDITS_MS)) {
      if (!this.#editing) continue;
      this.#edits += 1;
      const name = `${this.#writer}.${this.#edits}`;
      const { edit, change } = makeEdit(this.#doc, name, this.#writer, this.#edits, random.next);
      book.wasMade(edit);
      this.#unacked.push(edit);
      const raw = this.#raw;
      if (raw === undefined || this.#expected === undefined) {
        this.#doc.transact(change);
      } else {
        this.#expected.push([edit]);
        raw.edit(change);
      }
    }
  }

  async #connect(): Promise<void> {
    const { board, actor, random, urls } = this.#options;
    while (await this.#pause(...STAYS_AWAY_MS)) {
      const running = urls();
      const url = running[Math.floor(random.next() * running.length)];
      if (url === undefined) continue;
      const raw = new RawClient(url, board, this.#doc);
      const isOver = () => raw.closed !== undefined;
      this.#raw = raw;
      this.#url = url;
      this.#settled = 0;
      raw.onAnswered = () => {
        if (this.#raw !== raw) return;
        // Asked a second time it would no longer be known which ack stands for what: connect anew.
        if (this.#expected !== undefined) this.#disconnect();
        else this.#expected = [[...this.#unacked]];
      };
      await raw.opened().catch(() => raw.untilClosed());
      raw.authenticate(tokenFor(actor));
      raw.step1();
      const isReady = () => isOver() || raw.acks > 0;
      await raw.until(isReady, 'the first sync', SYNC_LIMIT_MS).catch(() => raw.ws.terminate());
      if (!isOver()) this.connects += 1;
      const leavesAt = performance.now() + random.between(...STAYS_MS);
      while (!isOver() && (!this.#roaming || performance.now() < leavesAt)) await delay(20);
      if (this.#raw === raw) this.#disconnect();
      await raw.untilClosed();
    }
  }

  #disconnect(): void {
    this.#settle();
    this.#raw?.ws.terminate();
    this.#raw = undefined;
    this.#url = undefined;
    this.#expected = undefined;
  }

  /** Takes to the book what was acked since the last time. */
  #settle(): void {
    if (this.#raw === undefined || this.#expected === undefined) return;
    const acked = new Set(this.#expected.slice(this.#settled, this.#raw.acks).flat());
    this.#settled = this.#raw.acks;
    if (acked.size === 0) return;
    this.#unacked = this.#unacked.filter((edit) => !acked.has(edit));
    this.#options.book.wasAcked([...acked]);
  }

  /** False once it is closed. */
  async #pause(low: number, high: number): Promise<boolean> {
    const { random } = this.#options;
    const { signal } = this.#stop;
    // Closing ends it early.
    await delay(random.between(low, high), undefined, { signal }).catch(() => undefined);
    return !signal.aborted;
  }
}
