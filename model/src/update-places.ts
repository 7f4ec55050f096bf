import * as Y from 'yjs';
import { isWidgetId } from './ids.ts';
import type { DecodedUpdate } from './update.ts';
import type { ClockRange } from './update-encode.ts';
import { widgetsRoot } from './widget.ts';

/**
 * What an edit belongs to: a widget, or a root type by its name. An entry of the root type
 * `widgets` whose key is no widget id belongs to that root type.
 */
export type Place = { readonly widget: string } | { readonly root: string };

/** Where a struct is. `nowhere`: collected as garbage, and so is all that leans on it. */
export type Whereabouts = Place | 'nowhere' | 'unknown';

type Struct = DecodedUpdate['structs'][number];

/** A sequence of items: a list, a text, or the values one key of a map has had. */
interface Sequence {
  /** Holds the container; of a root type it is the name. */
  readonly owner: Struct | string | undefined;
  readonly key: string | null;
}

/** From neighbours to neighbours, for all of an update: some 10 ms. */
const MAX_STEPS = 1_000_000;

/**
 * Finds the places of ids, in a document and in an update that is to be applied to it. It follows
 * what Yjs does (13.6, `Item.getMissing` and `Item.integrate`): an item that has neighbours is put
 * where they are, whatever else it says, and an item of which a part is there already is put behind
 * that part.
 */
export class UpdatePlaces {
  readonly #doc: Y.Doc;
  readonly #structs: readonly Struct[];
  readonly #widgets: unknown;
  readonly #inTypes = new Map<Y.AbstractType<unknown>, Place>();
  readonly #ofNews = new Map<Struct, Whereabouts>();
  readonly #sequences = new Map<Struct, Sequence | undefined>();
  #byClient: Map<number, Struct[]> | undefined;
  #steps = 0;

  /** The structs of each client are expected in one run, ordered by clock, as Yjs writes them. */
  constructor(update: Pick<DecodedUpdate, 'structs'>, doc: Y.Doc) {
    this.#doc = doc;
    this.#structs = update.structs;
    this.#widgets = doc.share.get(widgetsRoot);
  }

  /** How far the document knows the client: from this clock on, structs of the update are news. */
  knownUpTo(client: number): number {
    return Y.getState(this.#doc.store, client);
  }

  /** The struct of the document or else of the update that holds the id. */
  find({ client, clock }: Y.ID): Struct | undefined {
    if (clock >= this.knownUpTo(client)) return this.#findNews(client, clock);
    const structs = this.#doc.store.clients.get(client) ?? [];
    return structs[Y.findIndexSS(structs, clock)];
  }

  /** Whether the document has all of the range, and nothing of it is left to be deleted. */
  isDeleted(client: number, { clock, len }: ClockRange): boolean {
    const structs = this.#doc.store.clients.get(client) ?? [];
    if (len === 0 || clock + len > this.knownUpTo(client)) return false;
    for (let at = Y.findIndexSS(structs, clock); ; at += 1) {
      const struct = structs[at];
      if (struct === undefined || struct.id.clock >= clock + len) return true;
      if (!struct.deleted) return false;
    }
  }

  /** Of an id that the document or the update holds. */
  of(id: Y.ID): Whereabouts {
    const struct = this.find(id);
    if (struct === undefined) return 'unknown';
    if (id.clock >= this.knownUpTo(id.client)) return this.ofNews(struct);
    return struct instanceof Y.Item ? this.ofStored(struct) : 'nowhere';
  }

  /** Of a struct of the update that the document does not have, or has a part of only. */
  ofNews(news: Struct): Whereabouts {
    // Not recursive: a text that was typed letter by letter is a chain as long as the text.
    const passed: Struct[] = [];
    let found: Whereabouts = 'unknown';
    for (let at: Struct | undefined = news; at !== undefined; ) {
      const known = this.#ofNews.get(at);
      if (known !== undefined) {
        found = known;
        break;
      }
      // Until more is known, which ends a chain that bites its own tail.
      this.#ofNews.set(at, 'unknown');
      passed.push(at);
      if (at instanceof Y.GC) found = 'nowhere';
      if (!(at instanceof Y.Item)) break;
      const [next] = this.leansOn(at);
      if (next === undefined) found = ofRoot(at.parent, at.parentSub);
      else if (next.clock < this.knownUpTo(next.client)) found = this.of(next);
      at = next && found === 'unknown' ? this.#findNews(next.client, next.clock) : undefined;
    }
    for (const struct of passed) this.#ofNews.set(struct, found);
    return found;
  }

  /** Of an item that is in the document. */
  ofStored(item: Y.Item): Place {
    const type = typeAround(item);
    return type._item === null
      ? this.#ofRootType(type, item.parentSub)
      : this.#inType(type, type._item);
  }

  /**
   * The ids an item of the update is put in relation to, the one that decides about its place first.
   * None when it says by itself in which root type it is.
   */
  leansOn(item: Y.Item): Y.ID[] {
    const { client, clock } = item.id;
    const known = this.knownUpTo(client);
    const origin = clock < known ? Y.createID(client, known - 1) : item.origin;
    const neighbours = [origin, item.rightOrigin].filter((id) => id !== null);
    if (neighbours.length > 0) return neighbours;
    return item.parent instanceof Y.ID ? [item.parent] : [];
  }

  /**
   * How two neighbours of an item stand to each other. `apart`, in two sequences, Yjs never makes them, and
   * copies would part: it puts the item beside the left one unless the right one has been collected as garbage,
   * and then makes garbage of it too. `reversed`, or one and the same, they come of an undo that finds the copy of
   * what was on the right on the left (13.6.33); where the item is put then depends on what a copy has by then.
   */
  orderOf(left: Y.ID, right: Y.ID): 'apart' | 'reversed' | 'in order' {
    const [ofLeft, ofRight] = [this.sequenceOf(left), this.sequenceOf(right)];
    if (ofLeft === undefined || ofRight === undefined) return 'in order';
    if (ofLeft.owner !== ofRight.owner || ofLeft.key !== ofRight.key) return 'apart';
    return this.#isBefore(left, right) ? 'in order' : 'reversed';
  }

  /** Of ids in one sequence. What is too far away is trusted, and what the update brings: its place is not known. */
  #isBefore(left: Y.ID, right: Y.ID): boolean {
    const last = this.find(right);
    let at = this.find(left);
    if (at === last) return left.clock < right.clock;
    const isNews = ({ client, clock }: Y.ID) => clock >= this.knownUpTo(client);
    if (isNews(left) || isNews(right)) return true;
    for (; at instanceof Y.Item && at !== last; at = at.right ?? undefined) {
      if (this.#steps === MAX_STEPS) return true;
      this.#steps += 1;
    }
    return at === last;
  }

  /** Where an id is between others; undefined for garbage. */
  sequenceOf(id: Y.ID): Sequence | undefined {
    const passed: Struct[] = [];
    let found: Sequence | undefined;
    for (let at: Y.ID | undefined = id; at !== undefined; ) {
      const struct = this.find(at);
      const isStored: boolean = at.clock < this.knownUpTo(at.client);
      at = undefined;
      if (!(struct instanceof Y.Item)) break;
      if (isStored) {
        const type = typeAround(struct);
        found = { owner: type._item ?? this.#rootName(type), key: struct.parentSub };
      } else if (this.#sequences.has(struct)) {
        found = this.#sequences.get(struct);
      } else {
        this.#sequences.set(struct, undefined);
        passed.push(struct);
        const [next] = this.leansOn(struct);
        const key = struct.parentSub;
        if (next === undefined) found = { owner: String(struct.parent), key };
        else if (next === struct.parent) found = { owner: this.find(next), key };
        else at = next;
      }
    }
    for (const struct of passed) this.#sequences.set(struct, found);
    return found;
  }

  #inType(type: Y.AbstractType<unknown>, owner: Y.Item): Place {
    const passed: Y.AbstractType<unknown>[] = [];
    let place = this.#inTypes.get(type);
    while (place === undefined) {
      passed.push(type);
      const outer = typeAround(owner);
      if (outer._item === null) place = this.#ofRootType(outer, owner.parentSub);
      else {
        type = outer;
        owner = outer._item;
        place = this.#inTypes.get(type);
      }
    }
    for (const inner of passed) this.#inTypes.set(inner, place);
    return place;
  }

  #ofRootType(type: Y.AbstractType<unknown>, key: string | null): Place {
    return place(this.#rootName(type), key);
  }

  #rootName(type: Y.AbstractType<unknown>): string {
    return type === this.#widgets ? widgetsRoot : Y.findRootTypeKey(type);
  }

  #findNews(client: number, clock: number): Struct | undefined {
    if (this.#byClient === undefined) {
      this.#byClient = new Map();
      for (const struct of this.#structs) {
        const run = this.#byClient.get(struct.id.client);
        if (run === undefined) this.#byClient.set(struct.id.client, [struct]);
        else run.push(struct);
      }
    }
    const run = this.#byClient.get(client) ?? [];
    let low = 0;
    let high = run.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const struct = run[middle];
      if (struct !== undefined && struct.id.clock + struct.length <= clock) low = middle + 1;
      else high = middle;
    }
    const struct = run[low];
    return struct !== undefined && struct.id.clock <= clock ? struct : undefined;
  }
}

function ofRoot(parent: unknown, key: string | null): Whereabouts {
  return typeof parent === 'string' ? place(parent, key) : 'unknown';
}

function place(root: string, key: string | null): Place {
  return root === widgetsRoot && key !== null && isWidgetId(key) ? { widget: key } : { root };
}

/** An item that is in a document has its parent as a type; before that, it is a name or an id. */
function typeAround({ parent }: Y.Item): Y.AbstractType<unknown> {
  if (parent instanceof Y.AbstractType) return parent;
  throw new Error('an item of the document has no parent');
}
