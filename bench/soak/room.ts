import { eventually } from '../../test/support/wait.ts';
import { Person } from './person.ts';

/** Pauses between what somebody does, in ms. */
type Pause = (ms: number) => Promise<void>;

export interface RoomOptions {
  readonly board: string;
  /** Members take them by turns. */
  readonly nodeUrls: readonly string[];
  /** Until when the room is used. */
  readonly signal: AbortSignal;
  readonly pause: Pause;
}

const MEMBERS = 4;
const EDIT_MS = 500;
/** One of the members leaves, and somebody else comes. */
const CHURN_MS = 2_000;
/** One goes offline, for so long, and makes so many edits meanwhile. */
const OFFLINE_EVERY_MS = 15_000;
const OFFLINE_MS = 3_000;
const OFFLINE_EDITS = 50;
const EQUAL_WITHIN_MS = 20_000;

/** What a board has to hold when everybody has left it. */
export interface Left {
  readonly board: string;
  readonly content: string;
}

/**
 * A board that some people work on, who come and go, until the signal. Resolves to what they left behind.
 * @throws if somebody's edit is missing in the end, or the members see different things
 */
export async function useRoom({ board, nodeUrls, signal, pause }: RoomOptions): Promise<Left> {
  let seats = 0;
  const counts = new Map<string, number>();
  const members = new Set<Person>();
  const busy = new Set<Person>();
  const enter = async () => {
    const person = new Person(nodeUrls[seats++ % nodeUrls.length] ?? '', board);
    await person.arrived();
    members.add(person);
  };
  const leave = async (person: Person) => {
    members.delete(person);
    await person.saved();
    counts.set(person.name, person.count);
    await person.leave();
  };
  const free = () => [...members].find((person) => !busy.has(person));

  const edits = async () => {
    for (const person of members) {
      person.edit();
      person.move();
    }
  };
  const churn = async () => {
    const first = free();
    if (first === undefined) return;
    await enter();
    await leave(first);
  };
  const offline = async () => {
    const person = free();
    if (person === undefined) return;
    busy.add(person);
    person.goOffline();
    for (let edit = 0; edit < OFFLINE_EDITS; edit += 1) person.edit();
    await pause(OFFLINE_MS);
    person.comeBack();
    await person.saved();
    busy.delete(person);
  };
  const every = async (ms: number, act: () => Promise<void>) => {
    for (;;) {
      await pause(ms);
      if (signal.aborted) return;
      await act();
    }
  };

  for (let member = 0; member < MEMBERS; member += 1) await enter();
  await Promise.all([
    every(EDIT_MS, edits),
    every(CHURN_MS, churn),
    every(OFFLINE_EVERY_MS, offline),
  ]);
  for (const person of members) {
    await person.saved();
    counts.set(person.name, person.count);
  }
  const isWhole = (person: Person) =>
    [...counts].every(([name, count]) => person.countOf(name) === count);
  await eventually(() => [...members].every(isWhole), {
    timeoutMs: EQUAL_WITHIN_MS,
    what: `everybody on ${board} to have every edit`,
  });
  const contents = [...members].map(({ content }) => content);
  if (new Set(contents).size > 1) throw new Error(`the members of ${board} see different things`);
  await Promise.all([...members].map((person) => person.leave()));
  return { board, content: contents[0] ?? '' };
}
