import type { Board } from '@tessera/client';
import { Note, type NoteState, titleOf } from './note.ts';

/** One note that others changed while this device was not connected. */
export interface Change {
  readonly id: string;
  readonly title: string;
  readonly kind: 'added' | 'changed' | 'removed';
  /** Who, as far as the note says it: nobody signs a removal. */
  readonly by: readonly string[];
  readonly parts: readonly string[];
  /** Of two places that were set at once one stayed, and it was not the one from here. */
  readonly place?: { readonly before: string; readonly now: string };
}

type Notes = ReadonlyMap<string, NoteState>;

/**
 * What happened while this device was away: the notes as they were shown last, held against what
 * they are after the exchange with the server. Edits made here are in both, so what differs is others'.
 */
export class AwayLog {
  readonly #board: Board;
  readonly #me: string;
  readonly #isFirstVisit: () => boolean;
  readonly #listeners = new Set<() => void>();
  #before: Notes | undefined;
  #changes: readonly Change[] = [];

  constructor(board: Board, me: string, isFirstVisit: () => boolean) {
    this.#board = board;
    this.#me = me;
    this.#isFirstVisit = isFirstVisit;
  }

  /** The same array until it changes. */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly dismiss = (): void => {
    this.#show([]);
    // So that it is no news after a reload right now: what the server sent is else written by and by.
    void this.#board.stored();
  };

  /** Begins when the local copy has been read. Returns the way to stop. */
  follow(): () => void {
    const look = () => {
      const { state } = this.#board.status;
      if (state === 'saved' || state === 'saving') this.#arrived();
      // While syncing the others' edits come in.
      else if (state !== 'syncing') this.#before = this.#notes();
    };
    // An edit made offline changes `status.unsaved`, so this hears of it.
    const stop = this.#board.subscribe(look);
    look();
    return stop;
  }

  #arrived(): void {
    const before = this.#before;
    this.#before = undefined;
    if (before === undefined || this.#isFirstVisit()) return;
    const changes = differences(before, this.#notes(), this.#me);
    // What was not looked at yet stays, unless it happened again.
    const older = this.#changes.filter(({ id }) => !changes.some((change) => change.id === id));
    if (changes.length > 0) this.#show([...changes, ...older]);
  }

  #notes(): Notes {
    const notes = this.#board.widgets.list(Note);
    return new Map(notes.flatMap(({ id, state }) => (state === undefined ? [] : [[id, state]])));
  }

  #show(changes: readonly Change[]): void {
    this.#changes = changes;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** What others did between the two. */
function differences(before: Notes, after: Notes, me: string): Change[] {
  const removed = [...before]
    .filter(([id]) => !after.has(id))
    .map(
      ([id, note]): Change => ({ id, title: titleOf(note), kind: 'removed', by: [], parts: [] }),
    );
  const others = [...after].flatMap(([id, note]): Change[] => {
    const was = before.get(id);
    const parts = was === undefined ? [] : partsThatDiffer(was, note);
    if (was !== undefined && parts.length === 0) return [];
    const by = editorsSince(was, note, me);
    const kind = was === undefined ? 'added' : 'changed';
    const place = was && was.place !== '' && was.place !== note.place;
    return [
      {
        id,
        title: titleOf(note),
        kind,
        by,
        parts,
        ...(place ? { place: { before: was.place, now: note.place } } : {}),
      },
    ];
  });
  return [...others, ...removed];
}

function partsThatDiffer(before: NoteState, after: NoteState): string[] {
  const parts = [
    ['title', before.title !== after.title],
    ['text', before.text !== after.text],
    ['place', before.place !== after.place],
    ['checklist', JSON.stringify(before.items) !== JSON.stringify(after.items)],
  ] as const;
  return parts.filter(([, differs]) => differs).map(([part]) => part);
}

/** Those whose time is another one; if all were stamped just before, the one who was here last. */
function editorsSince(before: NoteState | undefined, after: NoteState, me: string): string[] {
  const others = Object.entries(after.editors).filter(([id]) => id !== me);
  const since = others.filter(([id, { at }]) => before?.editors[id]?.at !== at);
  const last = others.toSorted(([, a], [, b]) => b.at - a.at).slice(0, 1);
  return (since.length > 0 ? since : last).map(([, { name }]) => name);
}

/** "Ada changed 3 notes and added 1." */
export function summaryOf(changes: readonly Change[]): string {
  const people = [...new Set(changes.flatMap(({ by }) => by))].sort();
  const sentences = people.map((name) => {
    const count = (kind: Change['kind']) =>
      changes.filter((change) => change.by.includes(name) && change.kind === kind).length;
    const [changed, added] = [count('changed'), count('added')];
    const did = [
      ...(changed > 0 ? [`changed ${notes(changed)}`] : []),
      ...(added > 0 ? [`added ${changed > 0 ? added : notes(added)}`] : []),
    ];
    return `${name} ${did.join(' and ')}.`;
  });
  const unsigned = changes.filter(({ by, kind }) => by.length === 0 && kind !== 'removed').length;
  if (unsigned > 0) sentences.push(`Somebody changed ${notes(unsigned)}.`);
  const removed = changes.filter(({ kind }) => kind === 'removed').length;
  if (removed > 0) sentences.push(`${notes(removed)} ${removed === 1 ? 'was' : 'were'} removed.`);
  return sentences.join(' ');
}

function notes(count: number): string {
  return count === 1 ? '1 note' : `${count} notes`;
}
