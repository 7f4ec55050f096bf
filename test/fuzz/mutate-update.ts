import * as Y from 'yjs';
import { forgedRuns } from '../../model/src/test-update.ts';
import type { random } from '../support/random.ts';

type Random = ReturnType<typeof random>;
type Struct = ReturnType<typeof Y.decodeUpdate>['structs'][number];

interface Range {
  clock: number;
  len: number;
}

/** What a mutation may point at. */
export interface Surroundings {
  /** A copy of the board, whose ids are worth pointing at. */
  readonly doc: Y.Doc;
  /** Client ids to write under: the attacker's first. */
  readonly clients: readonly number[];
}

const keys = ['shut-1', 'open-1', 'open-9', 'title', 'state', 'text', 'a/b', '', '__proto__'];
const roots = ['widgets', 'board', 'else', 'mine', ''];

/** Makes updates that no honest client sends out of ones that they do. */
export class UpdateMutator {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A few parts of the update changed, and encoded again; now and then a few bytes of it, too. */
  mutate(update: Uint8Array, around: Surroundings): Uint8Array {
    const { structs, ds } = Y.decodeUpdate(update);
    const runs = [...Map.groupBy(structs, ({ id }) => id.client).values()];
    const deletions = [...ds.clients].map(([client, ranges]) => ({ client, ranges: [...ranges] }));
    for (let left = this.#below(4); left >= 0; left--) {
      const run = this.#pick(runs);
      if (this.#chance(0.3)) this.#mutateDeletions(deletions, around);
      else if (run !== undefined) this.#mutateRun(run, runs, around);
    }
    const bytes = forgedRuns(
      runs.filter((run) => run.length > 0),
      deletions,
    );
    return this.#chance(0.01) ? this.flip(bytes) : bytes;
  }

  /** Some bytes changed, left out or put in. */
  flip(bytes: Uint8Array): Uint8Array {
    const flipped = [...bytes];
    for (let left = this.#below(3); left >= 0; left--) {
      const at = this.#below(flipped.length);
      const how = this.#below(3);
      flipped.splice(at, how === 0 ? 0 : 1, ...(how === 1 ? [] : [this.#below(256)]));
    }
    return new Uint8Array(flipped);
  }

  #mutateRun(run: Struct[], runs: Struct[][], around: Surroundings): void {
    const at = this.#below(run.length);
    const struct = run[at];
    if (struct === undefined) return;
    switch (this.#below(12)) {
      case 0: {
        const client = this.#client(around);
        for (const one of run) one.id = Y.createID(client, one.id.clock);
        const { clock } = run[0]?.id ?? struct.id;
        const start = Y.getState(around.doc.store, client) + this.#offset();
        for (const one of run) {
          one.id = Y.createID(client, Math.max(0, one.id.clock - clock + start));
        }
        return;
      }
      case 1: {
        const by = this.#offset();
        for (const one of run) one.id = Y.createID(one.id.client, Math.max(0, one.id.clock + by));
        return;
      }
      case 2:
        run.splice(at, 0, new Y.GC(struct.id, this.#length(3)));
        return;
      case 3:
        run.splice(at, 0, new Y.Skip(struct.id, this.#below(3)));
        return;
      case 4:
        run.splice(at, 1);
        return;
      case 5:
        // Refused as a whole, so one in a hundred is enough.
        if (this.#chance(0.1)) runs.splice(this.#below(runs.length + 1), 0, [...run]);
        return;
      case 6:
        run.reverse();
        return;
      default:
        if (struct instanceof Y.Item) run[at] = this.#mutateItem(struct, around);
    }
  }

  #mutateItem(item: Y.Item, around: Surroundings): Y.Item {
    let { origin, rightOrigin, parentSub, content } = item;
    let parent = item.parent as Y.ID | null;
    switch (this.#below(6)) {
      case 0:
        origin = this.#chance(0.2) ? null : this.#id(around);
        break;
      case 1:
        rightOrigin = this.#chance(0.2) ? null : this.#id(around);
        break;
      case 2:
        [origin, rightOrigin, parent] = [null, null, this.#id(around)];
        break;
      case 3:
        [origin, rightOrigin] = [null, null];
        // A root type is given by its name until the item is integrated.
        parent = this.#pick(roots) as unknown as Y.ID;
        break;
      case 4:
        parentSub = this.#chance(0.3) ? null : (this.#pick(keys) ?? null);
        break;
      default:
        content = this.#content();
    }
    if (origin === null && rightOrigin === null) parent ??= this.#id(around);
    return new Y.Item(item.id, null, origin, null, rightOrigin, parent, parentSub, content);
  }

  #mutateDeletions(deletions: { client: number; ranges: Range[] }[], around: Surroundings): void {
    const { client, clock } = this.#id(around);
    const len = this.#chance(0.1) ? 2 ** this.#below(40) : this.#below(12);
    deletions.push({ client, ranges: [{ clock, len }] });
    if (this.#chance(0.2)) {
      const end = Y.getState(around.doc.store, client);
      deletions.push({ client, ranges: [{ clock: 0, len: end }] });
    }
  }

  #content(): Y.Item['content'] {
    const types = [Y.Map, Y.Array, Y.Text, Y.XmlText, Y.XmlFragment];
    const Type = this.#pick(types) ?? Y.Map;
    switch (this.#below(9)) {
      case 0:
        return new Y.ContentString('😀x'.repeat(this.#length(3)));
      case 1:
        return new Y.ContentDeleted(this.#length(4));
      case 2:
        return new Y.ContentAny([1, 'two', { three: 3 }].slice(-this.#length(4)));
      case 3:
        return new Y.ContentFormat('bold', true as unknown as object);
      case 4:
        return new Y.ContentEmbed({ image: 'x' });
      case 5:
        return new Y.ContentBinary(new Uint8Array(3));
      case 6:
        return new Y.ContentDoc(new Y.Doc({ guid: 'inner' }));
      default:
        return new Y.ContentType(new Type() as Y.AbstractType<unknown>);
    }
  }

  /** Of something on the board, or close to it. */
  #id(around: Surroundings): Y.ID {
    const { clients } = around.doc.store;
    const client = this.#pick([...clients.keys()]) ?? this.#client(around);
    const struct = this.#pick(clients.get(client) ?? []);
    if (struct === undefined || this.#chance(0.1)) {
      return Y.createID(this.#client(around), this.#below(20));
    }
    const inside = this.#below(struct.length + (this.#chance(0.05) ? 2 : 0));
    return Y.createID(client, struct.id.clock + inside);
  }

  #client({ clients }: Surroundings): number {
    if (this.#chance(0.1)) return Number.MAX_SAFE_INTEGER - this.#below(3);
    return this.#pick(clients) ?? 1;
  }

  /** Of a struct; seldom 0, for which the update is refused as a whole. */
  #length(end: number): number {
    return this.#below(end) || (this.#chance(0.05) ? 0 : 1);
  }

  #offset(): number {
    return this.#below(7) - 3;
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[this.#below(all.length)];
  }

  #chance(share: number): boolean {
    return this.#random.next() < share;
  }

  #below(end: number): number {
    return Math.floor(this.#random.next() * end);
  }
}
