import { boardPropertiesOf, widgetsOf } from '@tessera/model';
import * as Y from 'yjs';
import { keepOvertaken, OwnWrites, releasePassing, yieldToOthers } from './history-conflicts.ts';
import { cutToStep } from './history-copies.ts';

/** What can be undone and redone now, and what the steps are called that were given a label. */
export interface HistoryState {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly undoLabel: string | undefined;
  readonly redoLabel: string | undefined;
}

/**
 * Undo and redo of what this user did to a board, never of what others did.
 *
 * Undoing everything leaves what the others' edits alone would have made of the board, with these
 * exceptions, which follow from undo being an edit like any other:
 * - What others wrote into something that is undone goes with it: undoing the creation of a widget
 *   takes the others' edits of it along. Redo brings them back.
 * - What both removed at the same time comes back, and so does a key that was set here while others
 *   removed it: Yjs does not say that others removed it too.
 * - An edit of others that was still on its way when undo or redo was called can lose to it, and
 *   goes unseen if it is in a widget (or text, list or map) that was away when they made it.
 * - What others set at the same time as you, and the server had yours first, is gone: undo then shows
 *   what was there before.
 */
export interface History {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** The same object until it changes. */
  readonly state: HistoryState;
  /** Takes back the newest step that still shows. False if there was none. */
  undo(): boolean;
  /** Does the step undone last again. False if there was none. */
  redo(): boolean;
  /**
   * From here to `end()` all edits are one step, however long it takes: call it on pointerdown. A
   * gesture that is still open is ended first. Without, edits within 500 ms of each other are one.
   */
  begin(label?: string): void;
  /** Ends the gesture; does nothing if there is none. */
  end(): void;
  /** Makes all that `change` does at once one step and one update. Inside of a gesture it is part of that. */
  batch<T>(change: () => T, label?: string): T;
  /** Edits from here to `resume()` cannot be undone. */
  pause(): void;
  /** Edits can be undone again, as steps of their own. */
  resume(): void;
  /** Forgets all steps. */
  clear(): void;
  /** Also undoes what is written with this origin, by an editor for instance. Returns the way to stop. */
  track(origin: unknown): () => void;
  /** Calls the listener when `state` changes. Returns the way to stop. */
  subscribe(listener: () => void): () => void;
}

/** What makes a step of undo, and how many are kept. */
export interface HistoryOptions {
  /** Edits that follow each other within this time are one step. Default 500. */
  readonly mergeWithinMs?: number;
  /** The oldest steps beyond this number are forgotten. Default 100. */
  readonly maxSteps?: number;
}

const nothing: HistoryState = {
  canUndo: false,
  canRedo: false,
  undoLabel: undefined,
  redoLabel: undefined,
};

/** The history of one board, over one document after the other. */
export class BoardHistory implements History {
  readonly #mergeWithinMs: number;
  readonly #maxSteps: number;
  readonly #listeners = new Set<() => void>();
  readonly #editors = new Set<unknown>();
  #manager: Y.UndoManager | undefined;
  #own = new OwnWrites();
  /** The stack as it was before the step on top was taken to be undone or redone. */
  #turning: readonly Y.UndoManager['undoStack'][number][] = [];
  #release: () => void = () => undefined;
  #origin: unknown;
  #state = nothing;
  #paused = false;
  #gesture: { readonly label: string | undefined } | undefined;

  constructor({ mergeWithinMs = 500, maxSteps = 100 }: HistoryOptions = {}) {
    this.#mergeWithinMs = mergeWithinMs;
    this.#maxSteps = maxSteps;
  }

  get canUndo(): boolean {
    return this.#state.canUndo;
  }

  get canRedo(): boolean {
    return this.#state.canRedo;
  }

  get state(): HistoryState {
    return this.#state;
  }

  /**
   * Starts with no steps on this document, in place of the one before. Tracked are transactions of
   * these origins; the first one is the origin of batches.
   */
  attach(doc: Y.Doc, trackedOrigins: readonly [unknown, ...unknown[]]): void {
    this.detach();
    const manager = new Y.UndoManager([widgetsOf(doc), boardPropertiesOf(doc)], {
      doc,
      trackedOrigins: new Set([...trackedOrigins, ...this.#editors]),
      deleteFilter: (item) => {
        const { undoStack, redoStack, undoing } = manager;
        const step = this.#turning[(undoing ? undoStack : redoStack).length];
        if (step !== undefined) cutToStep(doc, item, step.insertions);
        return true;
      },
      captureTransaction: ({ origin }) => !this.#paused || origin === manager,
    });
    const own = new OwnWrites();
    this.#own = own;
    let changedStep: StepEvent['stackItem'] | undefined;
    const changed = ({ stackItem }: StepEvent) => {
      changedStep = stackItem;
    };
    manager.on('stack-item-added', (event) => {
      changed(event);
      this.#added(event, manager);
    });
    manager.on('stack-item-updated', changed);
    manager.on('stack-cleared', () => this.#refresh());
    // After the manager's own, which takes every deleted item to be worth keeping.
    const afterTransaction = (transaction: Y.Transaction) => {
      if (changedStep !== undefined) {
        own.add(transaction);
        releasePassing(transaction, changedStep);
      } else if (!transaction.local) {
        keepOvertaken(transaction, own, manager);
      }
      changedStep = undefined;
    };
    doc.on('afterTransaction', afterTransaction);
    this.#release = () => {
      doc.off('afterTransaction', afterTransaction);
      manager.destroy();
    };
    [this.#origin] = trackedOrigins;
    this.#manager = manager;
    this.#setTimeout();
  }

  /** Lets go of the document; its steps are forgotten. */
  detach(): void {
    this.#release();
    this.#release = () => undefined;
    this.#manager = undefined;
    this.#gesture = undefined;
    this.#refresh();
  }

  close(): void {
    this.detach();
    this.#listeners.clear();
  }

  undo(): boolean {
    return this.#turn('undo');
  }

  redo(): boolean {
    return this.#turn('redo');
  }

  begin(label?: string): void {
    this.#gesture = { label };
    this.#setTimeout();
  }

  end(): void {
    if (this.#gesture === undefined) return;
    this.#gesture = undefined;
    this.#setTimeout();
  }

  batch<T>(change: () => T, label?: string): T {
    const isOwnStep = this.#gesture === undefined;
    if (isOwnStep) this.begin(label);
    try {
      const doc = this.#manager?.doc;
      return doc === undefined ? change() : doc.transact(change, this.#origin);
    } finally {
      if (isOwnStep) this.end();
    }
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#manager?.stopCapturing();
  }

  clear(): void {
    this.#manager?.clear();
    this.#refresh();
  }

  track(origin: unknown): () => void {
    this.#editors.add(origin);
    this.#manager?.addTrackedOrigin(origin);
    return () => {
      this.#editors.delete(origin);
      this.#manager?.removeTrackedOrigin(origin);
    };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #turn(direction: 'undo' | 'redo'): boolean {
    this.end();
    const manager = this.#manager;
    if (manager === undefined) return false;
    this.#turning = [...manager[`${direction}Stack`]];
    const all = [...manager.undoStack, ...manager.redoStack];
    yieldToOthers(manager.doc, this.#own, this.#turning, all);
    const turned = manager[direction]();
    this.#turning = [];
    this.#refresh();
    return turned !== null;
  }

  /** Also keeps what comes from being merged into what was. */
  #setTimeout(): void {
    if (this.#manager === undefined) return;
    this.#manager.captureTimeout = this.#gesture ? Number.POSITIVE_INFINITY : this.#mergeWithinMs;
    this.#manager.stopCapturing();
  }

  #added({ stackItem }: StepEvent, manager: Y.UndoManager): void {
    // A step that undoes another is called like it.
    const turned = manager.undoing || manager.redoing ? manager.currStackItem : null;
    const label: unknown = turned === null ? this.#gesture?.label : turned.meta.get(labelKey);
    if (label !== undefined) stackItem.meta.set(labelKey, label);
    while (manager.undoStack.length > this.#maxSteps) manager.undoStack.shift();
    this.#refresh();
  }

  #refresh(): void {
    const undoStep = this.#manager?.undoStack.at(-1);
    const redoStep = this.#manager?.redoStack.at(-1);
    const state = {
      canUndo: undoStep !== undefined,
      canRedo: redoStep !== undefined,
      undoLabel: labelOf(undoStep),
      redoLabel: labelOf(redoStep),
    };
    const old = this.#state;
    const isSame =
      state.canUndo === old.canUndo &&
      state.canRedo === old.canRedo &&
      state.undoLabel === old.undoLabel &&
      state.redoLabel === old.redoLabel;
    if (isSame) return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}

interface StepEvent {
  readonly stackItem: Y.UndoManager['undoStack'][number];
}

const labelKey = 'label';

function labelOf(step: StepEvent['stackItem'] | undefined): string | undefined {
  const label: unknown = step?.meta.get(labelKey);
  return typeof label === 'string' ? label : undefined;
}
