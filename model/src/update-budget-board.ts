import * as Y from 'yjs';
import { TesseraError } from './errors.ts';
import type { DecodedUpdate } from './update.ts';
import { updateBudget } from './update-budget.ts';
import { UpdatePlaces } from './update-places.ts';

type Struct = DecodedUpdate['structs'][number];

/**
 * Checks what a complete update would make of the board: how deep its shared types lie in each other, and
 * how many root types there are.
 * @throws TesseraError `too-large`
 */
export function checkBoardBudget(update: DecodedUpdate, doc: Y.Doc): void {
  let levels: Levels | undefined;
  let newRoots: Set<string> | undefined;
  for (const struct of update.structs) {
    if (!(struct instanceof Y.Item)) continue;
    // Before it is integrated, an item's parent is a root type's name or the id of its container.
    const parent = struct.parent as Y.ID | string | null;
    if (typeof parent === 'string' && !doc.share.has(parent)) {
      newRoots ??= new Set();
      newRoots.add(parent);
    }
    if (struct.content instanceof Y.ContentType) {
      levels ??= new Levels(update, doc);
      expectAtMost(levels.of(struct), updateBudget.maxLevels, 'levels of types in each other');
    }
  }
  if (newRoots !== undefined) {
    expectAtMost(doc.share.size + newRoots.size, updateBudget.maxRootTypes, 'root types');
  }
}

/** How many shared types lie around each other, the one of a struct included, root types not. */
class Levels {
  readonly #places: UpdatePlaces;
  readonly #known = new Map<Struct, number>();

  constructor(update: DecodedUpdate, doc: Y.Doc) {
    this.#places = new UpdatePlaces(update, doc);
  }

  of(type: Struct): number {
    const passed: Struct[] = [];
    let above = 0;
    for (let at: Struct | string | undefined = type; at !== undefined && typeof at !== 'string'; ) {
      const known = this.#known.get(at);
      if (known !== undefined) {
        above = known;
        break;
      }
      // Until more is known, which ends a chain that bites its own tail.
      this.#known.set(at, 0);
      passed.push(at);
      at = this.#places.of(at.id).owner;
    }
    for (const struct of passed.reverse()) this.#known.set(struct, ++above);
    return this.#known.get(type) ?? 0;
  }
}

function expectAtMost(count: number, allowed: number, what: string): void {
  if (count <= allowed) return;
  throw new TesseraError(
    'too-large',
    `the board would have ${count} ${what}, at most ${allowed} are allowed`,
  );
}
