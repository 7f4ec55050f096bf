import * as Y from 'yjs';
import { isWidgetId } from './ids.ts';
import type { DecodedUpdate } from './update.ts';
import { NONE, UpdateStructs } from './update-structs.ts';
import { widgetsRoot } from './widget.ts';

/**
 * What an edit belongs to: a widget, or a root type by its name. An entry of the root type
 * `widgets` whose key is no widget id belongs to that root type.
 */
export type Place = { readonly widget: string } | { readonly root: string };

/** Where a struct is. `nowhere`: collected as garbage, and so is all that leans on it. */
export type Whereabouts = Place | 'nowhere' | 'unknown';

type Struct = DecodedUpdate['structs'][number];

/** Where a struct is, and in which sequence of items: a list, a text, or the values one key of a map has had. */
export interface Location {
  readonly whereabouts: Whereabouts;
  /** Holds the container of the sequence; of a root type it is the name. Undefined for garbage. */
  readonly owner: Struct | string | undefined;
  readonly key: string | null;
}

const GARBAGE: Location = { whereabouts: 'nowhere', owner: undefined, key: null };
const UNKNOWN: Location = { whereabouts: 'unknown', owner: undefined, key: null };

/** From neighbours to neighbours, for all of an update: some 10 ms. */
const MAX_STEPS = 1_000_000;

/**
 * Finds the places of ids, in a document and in an update that is to be applied to it. It follows
 * what Yjs does (13.6, `Item.getMissing` and `Item.integrate`): an item that has neighbours is put
 * where they are, whatever else it says, and an item of which a part is there already is put behind
 * that part.
 */
export class UpdatePlaces {
  readonly structs: UpdateStructs;
  readonly #news: readonly Struct[];
  readonly #widgets: unknown;
  readonly #inTypes = new Map<Y.AbstractType<unknown>, Place>();
  /** Of the structs of the update, by index. */
  readonly #ofNews: (Location | undefined)[];
  #steps = 0;

  /** The update is canonical (`expectCanonical`). The document must not change while this is in use. */
  constructor(update: Pick<DecodedUpdate, 'structs'>, doc: Y.Doc) {
    this.structs = new UpdateStructs(update, doc);
    this.#news = update.structs;
    this.#widgets = doc.share.get(widgetsRoot);
    this.#ofNews = new Array(update.structs.length);
  }

  /** How far the document knows the client: from this clock on, structs of the update are news. */
  knownUpTo(client: number): number {
    return this.structs.author(client).known;
  }

  /** Of an id that the document or the update holds. */
  of({ client, clock }: Y.ID): Location {
    const author = this.structs.author(client);
    if (clock < author.known) return this.#locationOfStored(this.structs.stored(author, clock));
    return this.#locationOfNews(this.structs.newsAt(author, clock));
  }

  /** Of a struct of the update that the document does not have, or has a part of only. */
  ofNews({ id }: Struct): Location {
    return this.#locationOfNews(this.structs.newsAt(this.structs.author(id.client), id.clock));
  }

  /** Of an item that is in the document. */
  ofStored(item: Y.Item): Place {
    const type = typeAround(item);
    return type._item === null
      ? this.#ofRootType(type, item.parentSub)
      : this.#inType(type, type._item);
  }

  /** The item that an item of the update is put behind, if any: the part of it that is there already, or its origin. */
  leftOf({ id, origin }: Y.Item): Y.ID | null {
    const { known } = this.structs.author(id.client);
    return id.clock < known ? Y.createID(id.client, known - 1) : origin;
  }

  /**
   * Of the ids an item of the update is put in relation to, the one that decides about its place. Undefined when
   * it says by itself in which root type it is.
   */
  leansOn(item: Y.Item): Y.ID | undefined {
    return this.leftOf(item) ?? item.rightOrigin ?? containerOf(item);
  }

  /**
   * How two neighbours of an item stand to each other. `apart`, in two sequences, Yjs never makes them, and
   * copies would part: it puts the item beside the left one unless the right one has been collected as garbage,
   * and then makes garbage of it too. `reversed`, or one and the same, they come of an undo that finds the copy of
   * what was on the right on the left (13.6.33); where the item is put then depends on what a copy has by then.
   */
  orderOf(
    left: Y.ID,
    ofLeft: Location,
    right: Y.ID,
    ofRight: Location,
  ): 'apart' | 'reversed' | 'in order' {
    if (ofLeft.owner === undefined || ofRight.owner === undefined) return 'in order';
    if (ofLeft.owner !== ofRight.owner || ofLeft.key !== ofRight.key) return 'apart';
    return this.#isBefore(left, right) ? 'in order' : 'reversed';
  }

  /** Of ids in one sequence. What is too far away is trusted, and what the update brings: its place is not known. */
  #isBefore(left: Y.ID, right: Y.ID): boolean {
    const [ofLeft, ofRight] = [this.structs.author(left.client), this.structs.author(right.client)];
    const isNews = left.clock >= ofLeft.known;
    if (isNews !== right.clock >= ofRight.known) return true;
    if (isNews && (ofLeft !== ofRight || left.clock < right.clock)) return true;
    const last = this.structs.find(right.client, right.clock);
    let at = this.structs.find(left.client, left.clock);
    if (at === last) return left.clock < right.clock;
    if (isNews) return true;
    for (; at instanceof Y.Item && at !== last; at = at.right ?? undefined) {
      if (this.#steps === MAX_STEPS) return true;
      this.#steps += 1;
    }
    return at === last;
  }

  #locationOfStored(struct: Struct | undefined): Location {
    if (!(struct instanceof Y.Item)) return GARBAGE;
    const type = typeAround(struct);
    const owner = type._item ?? this.#rootName(type);
    return { whereabouts: this.ofStored(struct), owner, key: struct.parentSub };
  }

  #locationOfNews(index: number): Location {
    // Not recursive: a text that was typed letter by letter is a chain as long as the text.
    const passed: number[] = [];
    let found = UNKNOWN;
    for (let at = index; at !== NONE; ) {
      const known = this.#ofNews[at];
      if (known !== undefined) {
        found = known;
        break;
      }
      // Until more is known, which ends a chain that bites its own tail.
      this.#ofNews[at] = UNKNOWN;
      passed.push(at);
      const struct = this.#news[at];
      if (struct instanceof Y.GC) found = GARBAGE;
      if (!(struct instanceof Y.Item)) break;
      const next = this.leansOn(struct);
      if (next === undefined) {
        found = inRoot(struct.parent, struct.parentSub);
        break;
      }
      const author = this.structs.author(next.client);
      if (next.clock < author.known) {
        found = this.#locationOfStored(this.structs.stored(author, next.clock));
        break;
      }
      at = this.structs.newsAt(author, next.clock);
    }
    for (let at = passed.pop(); at !== undefined; at = passed.pop()) {
      found = this.#beside(this.#news[at], found);
      this.#ofNews[at] = found;
    }
    return found;
  }

  /** In the sequence of a neighbour, or in one of the container that it leans on. */
  #beside(struct: Struct | undefined, other: Location): Location {
    if (!(struct instanceof Y.Item)) return other;
    const container = containerOf(struct);
    if (container === undefined || this.leansOn(struct) !== container) return other;
    const { whereabouts } = other;
    return {
      whereabouts,
      owner: this.structs.find(container.client, container.clock),
      key: struct.parentSub,
    };
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
}

/** Before an item is integrated, its parent is the name of a root type or the id of its container. */
function containerOf({ parent }: Y.Item): Y.ID | undefined {
  return parent instanceof Y.ID ? parent : undefined;
}

function inRoot(parent: unknown, key: string | null): Location {
  const whereabouts = typeof parent === 'string' ? place(parent, key) : 'unknown';
  return { whereabouts, owner: String(parent), key };
}

function place(root: string, key: string | null): Place {
  return root === widgetsRoot && key !== null && isWidgetId(key) ? { widget: key } : { root };
}

/** An item that is in a document has its parent as a type; before that, it is a name or an id. */
function typeAround({ parent }: Y.Item): Y.AbstractType<unknown> {
  if (parent instanceof Y.AbstractType) return parent;
  throw new Error('an item of the document has no parent');
}
