import type { Json } from '@tessera/model';
import { isEqual, itemId } from './structural-sharing.ts';

/** One change of a list: what goes from `index` on, and what comes there. */
export interface ListEdit {
  readonly index: number;
  remove: number;
  readonly insert: Json[];
}

/** How often an equal item is tried at several places. More would make long lists of few values slow. */
const maxPlaces = 32;

/**
 * The fewest changes that turn `from` into `to`, to be made in this order. Items with the same
 * `id` are the same item: when it changed, it is replaced at its place. What moved is removed and
 * inserted, as a Y.Array cannot move. Longest common subsequence after Hunt and Szymanski (1977).
 */
export function listEdits(from: readonly Json[], to: readonly Json[]): readonly ListEdit[] {
  const edits: ListEdit[] = [];
  const edit = (index: number, remove: number, insert: readonly Json[]) => {
    if (remove === 0 && insert.length === 0) return;
    const last = edits.at(-1);
    if (last !== undefined && last.index + last.insert.length === index) {
      last.remove += remove;
      last.insert.push(...insert);
    } else edits.push({ index, remove, insert: [...insert] });
  };
  let [a, b] = [0, 0];
  for (const [keptFrom, keptTo] of keptItems(from, to)) {
    edit(b, keptFrom - a, to.slice(b, keptTo));
    const item = to[keptTo];
    if (item !== undefined && !isEqual(from[keptFrom], item)) edit(keptTo, 1, [item]);
    [a, b] = [keptFrom + 1, keptTo + 1];
  }
  edit(b, from.length - a, to.slice(b));
  return edits;
}

type Pair = readonly [from: number, to: number];

/** The items that stay, by their places before and after. */
function keptItems(from: readonly Json[], to: readonly Json[]): Pair[] {
  const [before, after] = [from.map(label), to.map(label)];
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return [
    ...range(start).map((n): Pair => [n, n]),
    ...commonItems(
      before.slice(start, before.length - end),
      after.slice(start, after.length - end),
    ).map(([a, b]): Pair => [start + a, start + b]),
    ...range(end).map((n): Pair => [from.length - end + n, to.length - end + n]),
  ];
}

interface Link {
  readonly pair: Pair;
  readonly before: Link | undefined;
}

function commonItems(before: readonly string[], after: readonly string[]): Pair[] {
  const places = new Map<string, number[]>();
  for (const [index, each] of before.entries()) {
    const known = places.get(each);
    if (known === undefined) places.set(each, [index]);
    else if (known.length < maxPlaces) known.push(index);
  }
  /** By length: the common subsequence that ends earliest in `before`. */
  const best: Link[] = [];
  for (const [index, each] of after.entries()) {
    // From the last place to the first, so that one item is not used twice.
    for (const place of (places.get(each) ?? []).toReversed()) {
      const length = firstReaching(best, place);
      best[length] = { pair: [place, index], before: best[length - 1] };
    }
  }
  const pairs: Pair[] = [];
  for (let link = best.at(-1); link !== undefined; link = link.before) pairs.push(link.pair);
  return pairs.reverse();
}

/** The first entry of `best` that ends at `place` or later; its length if there is none. */
function firstReaching(best: readonly Link[], place: number): number {
  let [low, high] = [0, best.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((best[middle]?.pair[0] ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function label(item: Json): string {
  const id = itemId(item);
  // No JSON begins with "#".
  return id === undefined ? JSON.stringify(item) : `#${JSON.stringify(id)}`;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, n) => n);
}
