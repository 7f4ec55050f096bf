import {
  type Board,
  type Client,
  createClient,
  defineWidget,
  type WidgetHandle,
} from '@tessera/client';
import { readBoard } from '@tessera/model';
import { z } from 'zod';
import { tokenFor } from '../../test/support/tessera.ts';
import { eventually, finishes } from '../../test/support/wait.ts';

const Note = defineWidget({
  type: 'note',
  version: 1,
  state: z.object({ text: z.string(), count: z.number() }),
});
type Note = typeof Note;

/** With what clients wait before they connect again after several attempts. */
const SETTLES_WITHIN_MS = 60_000;

/** Somebody with a tab open on a board, by way of the client SDK. */
export class Person {
  static #made = 0;
  readonly name = `person-${Person.#made++}`;
  readonly board: Board;
  readonly #client: Client;
  #note: WidgetHandle<Note> | undefined;
  #count = 0;

  constructor(nodeUrl: string, board: string) {
    this.#client = createClient({
      url: `${nodeUrl.replace('http', 'ws')}/sync`,
      token: () => tokenFor(this.name),
    });
    this.board = this.#client.board(board);
  }

  /** Synced with the server. */
  async arrived(): Promise<void> {
    await eventually(() => this.board.status.state === 'saved', {
      timeoutMs: SETTLES_WITHIN_MS,
      what: `${this.name} to have ${this.board.id}`,
    });
  }

  /** How often it has edited. */
  get count(): number {
    return this.#count;
  }

  edit(): void {
    this.#count += 1;
    const state = { text: `edit ${this.#count} of ${this.name}`, count: this.#count };
    if (this.#note === undefined)
      this.#note = this.board.widgets.create(Note, state, { id: this.name });
    else this.#note.set(state);
  }

  move(): void {
    this.board.presence.set({ cursor: { x: Math.random() * 1_000, y: Math.random() * 1_000 } });
  }

  /** Calls back with the number of another person's edit when it is here. */
  follow(other: string, heard: (count: number) => void): void {
    this.board.widgets.handle(Note, other).subscribe(
      (state) => state?.count,
      (count) => {
        if (count !== undefined) heard(count);
      },
    );
  }

  goOffline(): void {
    this.#client.disconnect();
  }

  comeBack(): void {
    this.#client.connect();
  }

  async saved(): Promise<void> {
    await finishes(this.board.saved(), {
      timeoutMs: SETTLES_WITHIN_MS,
      what: `the edits of ${this.name} on ${this.board.id} to be saved`,
    });
  }

  /** All that it is shown, the same text for the same content. */
  get content(): string {
    const { widgets } = readBoard(this.board.doc);
    return JSON.stringify(Object.entries(widgets).sort(([a], [b]) => a.localeCompare(b)));
  }

  countOf(person: string): number {
    const { [person]: widget } = readBoard(this.board.doc).widgets;
    return Number(widget?.state['count'] ?? 0);
  }

  async leave(): Promise<void> {
    await finishes(this.#client.close(), { what: `${this.name} to close` });
  }
}
