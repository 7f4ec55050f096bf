import * as Y from 'yjs';
import { type DecodedUpdate, decodeUpdate } from './update.ts';
import { type ClockRange, encodeUpdate, type Struct } from './update-encode.ts';
import { type Location, type Place, UpdatePlaces, type Whereabouts } from './update-places.ts';
import { widgetsRoot } from './widget.ts';

export interface UpdateRules {
  mayWrite(place: Place): boolean;
  /** Whether the sender of the update is who makes the structs of this client id. */
  isOwn(client: number): boolean;
}

/** What was taken out of an update. */
export interface Refused {
  readonly widgets: readonly string[];
  /** Root types, by their names. */
  readonly roots: readonly string[];
  /** Structs and ranges of deletions. */
  readonly parts: number;
  /** False when the sender made nothing of it, and only passed on what others made. */
  readonly own: boolean;
}

export interface FilteredUpdate {
  readonly bytes: Uint8Array;
  /** What is in `bytes`: `update` itself, if they are what came. */
  readonly decoded: DecodedUpdate;
  /** How many keys of the root type `widgets` it sets at most. */
  readonly entries: number;
  readonly refused: Refused | undefined;
  /** Some of the refused structs have no place, as they lean on each other in a circle. */
  readonly isCircular: boolean;
}

/**
 * Takes out of an update what its sender may not write. `bytes` is what `update` was decoded from,
 * and comes back as it is when there is nothing to take out.
 *
 * A refused item of the sender's own becomes a `GC`: the clocks of a client have no gaps, so its
 * later edits would wait for it for ever. What somebody else made is never replaced: the original
 * may be on its way here or on another node already, and two different structs with one id part
 * the copies for good. If any of it is refused, all that is not the sender's own is left out,
 * and comes with who made it.
 *
 * An item is refused unless its place is known, all it is put in relation to may be written, and Yjs
 * could have made it. What Yjs makes by mistake is mended: all copies are to show the same.
 * What would have no effect is not refused: structs that are there already, deletions of what is
 * deleted, and whatever leans on garbage.
 *
 * The update is complete (`isComplete`) and canonical (`expectCanonical`).
 */
export function filterUpdate(
  update: DecodedUpdate,
  bytes: Uint8Array,
  doc: Y.Doc,
  rules: UpdateRules,
): FilteredUpdate {
  const filter = new UpdateFilter(update, doc, rules, { onlyOwn: false });
  if (!filter.hasRefusedOthers) return filter.result(bytes);
  return new UpdateFilter(update, doc, rules, { onlyOwn: true }).result(bytes);
}

class UpdateFilter {
  hasRefusedOthers = false;
  readonly #update: DecodedUpdate;
  readonly #places: UpdatePlaces;
  readonly #rules: UpdateRules;
  readonly #onlyOwn: boolean;
  readonly #kept: Struct[] = [];
  readonly #keptDeletions = new Map<number, ClockRange[]>();
  /** News that will not be in the document, or as garbage only. */
  readonly #gone = new Set<Struct>();
  /** Items whose neighbours are the wrong way round. */
  readonly #reversed = new Set<Struct>();
  readonly #widgets = new Set<string>();
  readonly #roots = new Set<string>();
  #lastPlace: Place | undefined;
  #mayWriteLast = false;
  #entries = 0;
  #parts = 0;
  #own = false;
  #isCircular = false;
  #changed = false;

  constructor(
    update: DecodedUpdate,
    doc: Y.Doc,
    rules: UpdateRules,
    { onlyOwn }: { onlyOwn: boolean },
  ) {
    this.#update = update;
    this.#places = new UpdatePlaces(update, doc);
    this.#rules = rules;
    this.#onlyOwn = onlyOwn;
    for (const struct of update.structs) this.#judgeStruct(struct);
    for (const [client, ranges] of update.ds.clients) {
      const kept = ranges.flatMap((range) => this.#keptPartsOf(client, range));
      if (kept.length > 0) this.#keptDeletions.set(client, kept);
    }
  }

  result(bytes: Uint8Array): FilteredUpdate {
    const refused = {
      widgets: [...this.#widgets],
      roots: [...this.#roots],
      parts: this.#parts,
      own: this.#own,
    };
    const taken = this.#changed ? this.#encode() : bytes;
    let decoded = this.#changed ? undefined : this.#update;
    return {
      bytes: taken,
      // Of what a reader sends, nobody asks.
      get decoded() {
        decoded ??= decodeUpdate(taken);
        return decoded;
      },
      entries: this.#entries,
      refused: this.#parts > 0 ? refused : undefined,
      isCircular: this.#isCircular,
    };
  }

  #encode(): Uint8Array {
    return encodeUpdate(this.#kept, this.#keptDeletions, (client) =>
      this.#places.knownUpTo(client),
    );
  }

  #judgeStruct(struct: Struct): void {
    const { client, clock } = struct.id;
    const known = this.#places.knownUpTo(client);
    if (struct instanceof Y.Skip || clock + struct.length <= known) {
      // Would change nothing, but Yjs looks up the neighbours it names, and splits them for that.
      this.#changed = true;
      return;
    }
    // To be encoded without the part that is there. Yjs would put the rest behind that part,
    // wherever it is, and count it in the parent that the item names.
    if (clock < known) this.#changed = true;
    const isOwn = this.#rules.isOwn(client);
    const verdict = this.#verdictOn(struct, isOwn);
    if (verdict === undefined) return;
    this.#refuse(verdict, isOwn);
    this.#gone.add(struct);
    if (isOwn) this.#kept.push(new Y.GC(struct.id, struct.length));
    else this.hasRefusedOthers = true;
  }

  /** Keeps the struct, mended, or says where it is that it may not be. */
  #verdictOn(struct: Struct, isOwn: boolean): Whereabouts | undefined {
    if (this.#onlyOwn && !isOwn) return this.#places.ofNews(struct).whereabouts;
    if (!(struct instanceof Y.Item)) {
      this.#kept.push(struct);
      return undefined;
    }
    const location = this.#places.ofNews(struct);
    const { rightOrigin } = struct;
    const beside = rightOrigin === null ? undefined : this.#places.of(rightOrigin);
    const verdict = this.#objection(struct, location, beside);
    if (verdict === undefined) this.#keep(struct, location, beside);
    return verdict;
  }

  /**
   * Where it is that an item may not be, or may not be put in relation to: `location` is its own and that of what
   * it leans on first, `beside` of its right neighbour.
   */
  #objection(
    item: Y.Item,
    location: Location,
    beside: Location | undefined,
  ): Whereabouts | undefined {
    const place = location.whereabouts;
    if (!this.#mayBeIn(place)) return place;
    if (this.#mayBeGone && this.#isGone(this.#places.leansOn(item))) return place;
    if (beside !== undefined) {
      if (!this.#mayBeIn(beside.whereabouts)) return beside.whereabouts;
      if (this.#mayBeGone && this.#isGone(item.rightOrigin)) return place;
    }
    return this.#isSound(item, location, beside) ? undefined : place;
  }

  /**
   * Whether Yjs could have made the item: else copies part over it, or cannot read it. What it leans on was
   * there before it, its neighbours are neighbours, a new value of a key is the last one, and no text is one.
   */
  #isSound(item: Y.Item, location: Location, beside: Location | undefined): boolean {
    const { rightOrigin: right } = item;
    const left = this.#places.leftOf(item);
    if (left !== null && right !== null && beside !== undefined) {
      const order = this.#places.orderOf(left, location, right, beside);
      if (order === 'apart') return false;
      if (order === 'reversed') this.#reversed.add(item);
    }
    const isText = item.length > 1 && item.content instanceof Y.ContentString;
    return (right === null && !isText) || location.key === null;
  }

  /** Without what honest clients come to send by faults of Yjs (13.6.33), which make copies part or fail. */
  #keep(item: Y.Item, location: Location, beside: Location | undefined): void {
    // Yjs makes garbage of what leans on garbage, but first splits its other neighbour, on this copy only.
    if (location.whereabouts === 'nowhere' || beside?.whereabouts === 'nowhere') {
      this.#changed = true;
      this.#kept.push(new Y.GC(item.id, item.length));
      return;
    }
    if (location.owner === widgetsRoot && location.key !== null) this.#entries += 1;
    if (this.#reversed.size > 0 && this.#reversed.has(item)) {
      this.#changed = true;
      this.#kept.push(itemLike(item, item));
    } else if (item.length > 1 && location.key !== null && isOfValues(item)) {
      this.#keepLastOfValues(item);
    } else this.#kept.push(item);
  }

  /**
   * Undo keeps overwritten values of a key, which Yjs merges, and may bring them back as one item. They are taken
   * as if they were set one by one: the last counts, the others are deleted. Otherwise a deletion of the last
   * leaves others that are neither shown nor deleted, and Yjs fails when the map is removed.
   */
  #keepLastOfValues(item: Y.Item): void {
    const { client, clock } = item.id;
    const start = Math.max(clock, this.#places.knownUpTo(client));
    const last = clock + item.length - 1;
    if (start === last) {
      this.#kept.push(item);
      return;
    }
    this.#changed = true;
    const before = (at: number) => (at === clock ? item.origin : Y.createID(client, at - 1));
    const overwritten = new Y.ContentDeleted(last - start);
    const value = item.content.copy().splice(last - clock);
    this.#kept.push(
      itemLike(item, {
        id: Y.createID(client, start),
        origin: before(start),
        content: overwritten,
      }),
      itemLike(item, { id: Y.createID(client, last), origin: before(last), content: value }),
    );
  }

  #isGone(id: Y.ID | null | undefined): boolean {
    if (!id) return false;
    const { client, clock } = id;
    if (clock < this.#places.knownUpTo(client)) return false;
    if (this.#onlyOwn && !this.#rules.isOwn(client)) return true;
    const struct = this.#places.structs.find(client, clock);
    return struct !== undefined && this.#gone.has(struct);
  }

  get #mayBeGone(): boolean {
    return this.#gone.size > 0 || this.#onlyOwn;
  }

  #keptPartsOf(client: number, range: ClockRange): ClockRange[] {
    // Nearly all: who connects sends every deletion there is on the board.
    if (this.#places.structs.isDeleted(client, range)) return [range];
    const kept: ClockRange[] = [];
    const end = range.clock + range.len;
    let whole = range.len > 0;
    for (let clock = range.clock; clock < end; ) {
      if (!this.#mayBeGone && clock >= this.#places.knownUpTo(client)) {
        // All of it is news, and stays.
        extend(kept, clock, end);
        break;
      }
      const struct = this.#places.structs.find(client, clock);
      const next = struct === undefined ? end : Math.min(end, struct.id.clock + struct.length);
      if (struct === undefined || !this.#mayDelete(struct, client, clock)) whole = false;
      else extend(kept, clock, next);
      clock = next;
    }
    if (whole) return [range];
    // A range of no length deletes nothing either, but Yjs splits the item it points into.
    this.#changed = true;
    return kept;
  }

  #mayDelete(struct: Struct, client: number, clock: number): boolean {
    if (clock >= this.#places.knownUpTo(client)) {
      return !this.#mayBeGone || !this.#isGone(Y.createID(client, clock));
    }
    if (struct.deleted || !(struct instanceof Y.Item)) return true;
    const place = this.#places.ofStored(struct);
    // Deletions do not say whose they are. Beside somebody else's news they will be theirs, and would
    // take away values whose successors are left out.
    if (this.#mayBeIn(place)) return !this.#onlyOwn;
    this.#refuse(place, !this.#onlyOwn);
    return false;
  }

  #mayBeIn(place: Whereabouts): boolean {
    if (place === 'nowhere') return true;
    if (place === 'unknown') return false;
    if (place !== this.#lastPlace) {
      this.#lastPlace = place;
      this.#mayWriteLast = this.#rules.mayWrite(place);
    }
    return this.#mayWriteLast;
  }

  #refuse(place: Whereabouts, isOwn: boolean): void {
    this.#changed = true;
    this.#parts += 1;
    this.#own ||= isOwn;
    if (place === 'unknown') this.#isCircular = true;
    if (typeof place === 'string') return;
    if ('widget' in place) this.#widgets.add(place.widget);
    else this.#roots.add(place.root);
  }
}

function extend(ranges: ClockRange[], from: number, to: number): void {
  const last = ranges.at(-1);
  if (last !== undefined && last.clock + last.len === from) last.len = to - last.clock;
  else ranges.push({ clock: from, len: to - from });
}

function isOfValues({ content }: Y.Item): boolean {
  return content instanceof Y.ContentAny || content instanceof Y.ContentJSON;
}

/** Where the first item says it is, with no right neighbour. */
function itemLike(
  { parent, parentSub }: Y.Item,
  { id, origin, content }: Pick<Y.Item, 'id' | 'origin' | 'content'>,
): Y.Item {
  return new Y.Item(id, null, origin, null, null, parent, parentSub, content);
}
