import * as Y from 'yjs';
import type { DecodedUpdate } from './update.ts';
import type { ClockRange, Struct } from './update-encode.ts';

/** What there is of one client. */
export interface Author {
  /** Structs of the document, up to the clock `known`: from this clock on, structs of the update are news. */
  readonly stored: (Y.Item | Y.GC)[];
  readonly known: number;
  /** Structs of the update: from this index up to that one. */
  readonly from: number;
  readonly to: number;
  /** Where something was found last: what is looked for next is mostly there or right behind. */
  lastStored: number;
  lastNews: number;
}

/** Not in the update. */
export const NONE = -1;

/**
 * Finds structs by their ids, in a document and in an update that is to be applied to it. The document must not
 * change meanwhile.
 */
export class UpdateStructs {
  readonly #news: readonly Struct[];
  readonly #store: Y.Doc['store'];
  readonly #authors = new Map<number, Author>();
  #last: Author | undefined;
  #lastClient = -1;

  /** The structs of each client are expected in one run, ordered by clock (`expectCanonical`). */
  constructor({ structs }: Pick<DecodedUpdate, 'structs'>, { store }: Y.Doc) {
    this.#news = structs;
    this.#store = store;
    for (let from = 0; from < structs.length; ) {
      const client = structs[from]?.id.client ?? NONE;
      const to = endOfRun(structs, from);
      this.#authors.set(client, this.#newAuthor(client, from, to));
      from = to;
    }
  }

  author(client: number): Author {
    if (this.#last !== undefined && client === this.#lastClient) return this.#last;
    let author = this.#authors.get(client);
    if (author === undefined) {
      author = this.#newAuthor(client, 0, 0);
      this.#authors.set(client, author);
    }
    this.#lastClient = client;
    this.#last = author;
    return author;
  }

  /** The struct of the document or else of the update that holds the clock. */
  find(client: number, clock: number): Struct | undefined {
    const author = this.author(client);
    if (clock < author.known) return this.stored(author, clock);
    return this.#news[this.newsAt(author, clock)];
  }

  /** Of a clock that the document knows. */
  stored(author: Author, clock: number): Struct | undefined {
    const { stored, lastStored } = author;
    const last = stored[lastStored];
    if (holds(last, clock)) return last;
    const next = stored[lastStored + 1];
    if (holds(next, clock)) {
      author.lastStored = lastStored + 1;
      return next;
    }
    const at = Y.findIndexSS(stored, clock);
    author.lastStored = at;
    return stored[at];
  }

  /** The index of the struct of the update that holds the clock, or `NONE`. */
  newsAt(author: Author, clock: number): number {
    const { from, to, lastNews } = author;
    if (from === to) return NONE;
    if (holds(this.#news[lastNews], clock)) return lastNews;
    if (lastNews + 1 < to && holds(this.#news[lastNews + 1], clock)) {
      author.lastNews = lastNews + 1;
      return lastNews + 1;
    }
    let low = from;
    let high = to;
    // Where it is if all are of one length, as often.
    let middle = from + clock - (this.#news[from]?.id.clock ?? 0);
    if (middle < from || middle >= to) middle = (low + high) >>> 1;
    while (low < high) {
      const struct = this.#news[middle];
      if (struct !== undefined && struct.id.clock + struct.length <= clock) low = middle + 1;
      else if (struct !== undefined && struct.id.clock <= clock) low = high = middle;
      else high = middle;
      middle = (low + high) >>> 1;
    }
    if (low === to || !holds(this.#news[low], clock)) return NONE;
    author.lastNews = low;
    return low;
  }

  /** Whether the document has all of the range, and nothing of it is left to be deleted. */
  isDeleted(client: number, { clock, len }: ClockRange): boolean {
    const { stored, known } = this.author(client);
    if (len === 0 || clock + len > known) return false;
    for (let at = Y.findIndexSS(stored, clock); ; at += 1) {
      const struct = stored[at];
      if (struct === undefined || struct.id.clock >= clock + len) return true;
      if (!struct.deleted) return false;
    }
  }

  #newAuthor(client: number, from: number, to: number): Author {
    const stored = this.#store.clients.get(client) ?? [];
    const last = stored.at(-1);
    const known = last === undefined ? 0 : last.id.clock + last.length;
    return { stored, known, from, to, lastStored: 0, lastNews: from };
  }
}

/** Where the structs end that are of the same client as the one at the index. Each client has one run only. */
export function endOfRun(structs: readonly Struct[], from: number): number {
  const client = structs[from]?.id.client;
  if (structs.at(-1)?.id.client === client) return structs.length;
  let low = from + 1;
  let high = structs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (structs[middle]?.id.client === client) low = middle + 1;
    else high = middle;
  }
  return low;
}

function holds(struct: Struct | undefined, clock: number): boolean {
  return (
    struct !== undefined && struct.id.clock <= clock && clock < struct.id.clock + struct.length
  );
}
