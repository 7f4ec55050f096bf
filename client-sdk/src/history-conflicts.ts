import * as Y from 'yjs';

/** One step of Yjs' UndoManager: what it inserted and what it deleted. */
export interface Step {
  insertions: IdSet;
  deletions: IdSet;
}

type IdSet = Y.Transaction['deleteSet'];

/** What one document's steps, their undoing and redoing included, ever wrote, and what is lost. */
export class OwnWrites {
  readonly #ids = Y.createDeleteSet();

  /** Adds what a transaction made here wrote. */
  add({ doc: { clientID }, beforeState, afterState }: Y.Transaction): void {
    const clock = beforeState.get(clientID) ?? 0;
    const len = (afterState.get(clientID) ?? 0) - clock;
    if (len > 0) this.#addRange(clientID, clock, len);
  }

  /** Adds what others wrote and nobody can show any more: it is as if it had not been written. */
  addLost({ id: { client, clock }, length }: Y.Item): void {
    this.#addRange(client, clock, length);
  }

  #addRange(client: number, clock: number, len: number): void {
    const ranges = this.#ids.clients.get(client) ?? [];
    this.#ids.clients.set(client, ranges);
    const last = ranges.at(-1);
    if (last !== undefined && last.clock + last.len === clock) last.len += len;
    else ranges.push({ clock, len });
  }

  /** Whether all of an item was written here, or is lost: Yjs merges neighbours. */
  has({ id, length }: Y.Item): boolean {
    const ranges = this.#ids.clients.get(id.client) ?? [];
    const end = id.clock + length;
    return ranges.some(({ clock, len }) => clock <= id.clock && end <= clock + len);
  }
}

/**
 * Edits of others that arrive and are hidden at once by a step made here: they are in something the
 * step removed, or lose a key to what the step wrote at the same time. They become part of what
 * the step deleted, so that undoing it shows them. Yjs alone forgets them, and the key is then
 * missing for everybody (measured with 13.6.33).
 *
 * Others are lost: values of keys that lost at the server already, so that they come without their
 * content, and those that lost to what an undo or redo wrote. Undoing then shows what was there before.
 *
 * Call it in `afterTransaction`: when the transaction is over, hidden content is gone.
 */
export function keepOvertaken(
  transaction: Y.Transaction,
  own: OwnWrites,
  { undoStack, redoStack }: { readonly undoStack: Step[]; readonly redoStack: Step[] },
): void {
  if (undoStack.length + redoStack.length === 0) return;
  const stepThatHides = (item: Y.Item): Step | undefined => {
    const parent = parentOf(item);
    if (!parent?.deleted) return stepThatWon(item, own, undoStack);
    // What a hidden item contains is hidden by the same step.
    if (isNew(transaction, parent)) return stepThatHides(parent);
    const removed = ({ deletions }: Step) => Y.isDeleted(deletions, parent.id);
    return undoStack.find(removed) ?? redoStack.find(removed);
  };
  const found = new Map<Step, Y.Item[]>();
  const lost: Y.Item[] = [];
  Y.iterateDeletedStructs(transaction, transaction.deleteSet, (struct) => {
    if (!(struct instanceof Y.Item) || !isNew(transaction, struct)) return;
    const isGone = struct.parentSub !== null && struct.content instanceof Y.ContentDeleted;
    const step = isGone ? undefined : stepThatHides(struct);
    if (step !== undefined) {
      keep(struct);
      found.set(step, [...(found.get(step) ?? []), struct]);
    } else if (isHiddenValue(struct)) {
      lost.push(struct);
    }
  });
  for (const [step, items] of found) {
    step.deletions = Y.mergeDeleteSets([step.deletions, idsOf(items)]);
  }
  if (lost.length === 0) return;
  for (const item of lost) own.addLost(item);
  // Yjs restores no value of a key over that of somebody else, but over what the step wrote.
  for (const step of [...undoStack, ...redoStack]) {
    step.insertions = Y.mergeDeleteSets([step.insertions, idsOf(lost)]);
  }
}

/**
 * Takes from the steps those values of keys that others have set since, so that undoing and redoing
 * does not bring them back over the others'. Yjs does so by itself, but not once the others'
 * value was overwritten here and restored, as what it restores is a copy. `all` are the steps of both
 * stacks.
 */
export function yieldToOthers(
  doc: Y.Doc,
  own: OwnWrites,
  steps: readonly Step[],
  all: readonly Step[],
): void {
  doc.transact((transaction) => {
    for (const step of steps) {
      const left: Y.Item[] = [];
      const passed: Y.Item[] = [];
      let yields = false;
      // To a value of others that lost the key here: only if undoing this step is what shows it. One that
      // another step shows counts once it is shown, and one that none can show is passed over.
      const givesWay = (hidden: Y.Item): boolean => {
        const holds = ({ deletions }: Step) => Y.isDeleted(deletions, hidden.id);
        if (!all.some(holds)) passed.push(hidden);
        return holds(step);
      };
      Y.iterateDeletedStructs(transaction, step.deletions, (struct) => {
        if (!(struct instanceof Y.Item)) return;
        if (struct.parentSub !== null && isOvertaken(doc, own, struct, givesWay)) yields = true;
        else left.push(struct);
      });
      if (yields) step.deletions = Y.mergeDeleteSets([idsOf(left)]);
      if (passed.length > 0) {
        // Yjs restores no value of a key over that of somebody else, but over what the step wrote.
        step.insertions = Y.mergeDeleteSets([step.insertions, idsOf(passed)]);
      }
    }
  });
}

/**
 * Lets go of values that a step both wrote and replaced, as in a drag: it never shows them again,
 * and Yjs would keep the content of every frame.
 */
export function releasePassing(transaction: Y.Transaction, step: Step): void {
  Y.iterateDeletedStructs(transaction, transaction.deleteSet, (struct) => {
    if (struct instanceof Y.Item && Y.isDeleted(step.insertions, struct.id)) struct.keep = false;
  });
}

/** The step whose value took the key from this item, if only values of ours came after it. */
function stepThatWon(item: Y.Item, own: OwnWrites, steps: readonly Step[]): Step | undefined {
  if (item.parentSub === null) return undefined;
  for (let winner = item.right; winner !== null && own.has(winner); winner = winner.right) {
    const { id } = winner;
    const step = steps.find(({ insertions }) => Y.isDeleted(insertions, id));
    if (step !== undefined) return step;
  }
  return undefined;
}

/**
 * Whether somebody else has set the item's key after it, there or in a restored copy of its map. What
 * lost the key to something written here counts if `givesWay` says so.
 */
function isOvertaken(
  doc: Y.Doc,
  own: OwnWrites,
  item: Y.Item,
  givesWay: (hidden: Y.Item) => boolean,
): boolean {
  for (let later = item.right; later !== null; later = later.right) {
    if (!own.has(later) && (!isHiddenBehind(own, later) || givesWay(later))) return true;
    const copy = later.redone === null ? undefined : Y.getItem(doc.store, later.redone);
    const isElsewhere = copy instanceof Y.Item && copy.parent !== later.parent;
    if (isElsewhere && isOvertaken(doc, own, copy, givesWay)) return true;
  }
  return false;
}

/** Whether only values written here came after it, and nobody restored it. */
function isHiddenBehind(own: OwnWrites, item: Y.Item): boolean {
  if (!item.deleted || item.redone !== null || item.right === null) return false;
  for (let later: Y.Item | null = item.right; later !== null; later = later.right) {
    if (!own.has(later) && later.right === null) return false;
    if (!own.has(later) && (!later.deleted || later.redone !== null)) return false;
  }
  return true;
}

/** Whether it is a value of a key that another took the place of, and not one that was removed. */
function isHiddenValue(item: Y.Item): boolean {
  if (item.parentSub === null) return false;
  return item.right !== null || parentOf(item)?.deleted === true;
}

function isNew({ beforeState }: Y.Transaction, { id }: Y.Item): boolean {
  return id.clock >= (beforeState.get(id.client) ?? 0);
}

function parentOf(item: Y.Item): Y.Item | null {
  return item.parent instanceof Y.AbstractType ? item.parent._item : null;
}

function keep(item: Y.Item): void {
  let kept: Y.Item | null = item;
  while (kept !== null && !kept.keep) {
    kept.keep = true;
    kept = parentOf(kept);
  }
}

function idsOf(items: readonly Y.Item[]): IdSet {
  const ids = Y.createDeleteSet();
  for (const { id, length } of items) {
    const ranges = ids.clients.get(id.client) ?? [];
    ids.clients.set(id.client, ranges);
    ranges.push({ clock: id.clock, len: length });
  }
  return ids;
}
