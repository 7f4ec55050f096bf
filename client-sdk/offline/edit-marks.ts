import { uuidv4 } from 'lib0/random';
import { covers, raise, together } from './records.ts';
import type { EditsUpTo, UnsavedEdits } from './storage.ts';

interface Mark extends UnsavedEdits {
  /** How many edits the ledger knew when the document held these. */
  readonly edits: number;
}

/**
 * Which edits a document holds, and which of them the server has committed. The ledger of a tab
 * counts the edits that this tab sends; the store must know whose they are, as each may have been
 * made in another tab, or on a page that is gone. So every writer numbers its own, and a mark says
 * which numbers the document held at which count of the ledger.
 */
export class EditMarks {
  /** This page's name among the writers. */
  readonly writer = uuidv4();
  readonly held: Record<string, number> = {};
  readonly saved: Record<string, number> = {};
  #made = 0;
  /** In the order of `edits`. */
  #marks: Mark[] = [];
  #unsaved: UnsavedEdits | undefined;
  #savedEdits = 0;

  /** An edit was made here; returns what to call it. */
  made(edits: number): UnsavedEdits {
    this.#made += 1;
    const edit = { upTo: { [this.writer]: this.#made }, count: 1, oldestAt: Date.now() };
    this.hold(edit, edits);
    return edit;
  }

  /** The document got edits that others made. True if they are committed already. */
  hold(unsaved: UnsavedEdits, edits: number): boolean {
    raise(this.held, unsaved.upTo);
    this.#marks.push({ ...unsaved, edits });
    // Asked for at every edit, so it is not added up from thousands each time.
    this.#unsaved = this.#unsaved ? together([this.#unsaved, unsaved]) : unsaved;
    return this.savedUpTo(this.#savedEdits);
  }

  /** The document got edits that are committed. */
  know(edits: EditsUpTo): void {
    raise(this.held, edits);
  }

  /** How many of these edits the document does not hold. */
  missing(edits: EditsUpTo): number {
    return Object.entries(edits).reduce(
      (sum, [writer, edit]) => sum + Math.max(0, edit - (this.held[writer] ?? 0)),
      0,
    );
  }

  /** The ledger says that its edits up to this one are committed. True if that is news. */
  savedUpTo(edits: number): boolean {
    this.#savedEdits = Math.max(edits, this.#savedEdits);
    const firstOpen = this.#marks.findIndex((mark) => mark.edits > this.#savedEdits);
    const done = this.#marks.splice(0, firstOpen === -1 ? this.#marks.length : firstOpen);
    if (done.length === 0) return false;
    this.#unsaved = this.#marks.length === 0 ? undefined : together(this.#marks);
    for (const { upTo } of done) raise(this.saved, upTo);
    return true;
  }

  isSaved(edits: EditsUpTo): boolean {
    return covers(this.saved, edits);
  }

  /** What is held and not committed; undefined if there is nothing. */
  get unsaved(): UnsavedEdits | undefined {
    return this.#unsaved;
  }

  /** The document is gone, and with it what it held. The numbers of this writer go on. */
  forget(): void {
    this.#marks = [];
    this.#unsaved = undefined;
    this.#savedEdits = 0;
    for (const writer of Object.keys(this.held)) delete this.held[writer];
    this.held[this.writer] = this.#made;
  }
}
