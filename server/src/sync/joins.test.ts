import { afterEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { type Answer, Joins, type UpdateVersion } from './joins.ts';

const open: Joins[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const joins of open.splice(0)) joins.close();
});

const nothing = Y.encodeStateVector(new Y.Doc());

function boardOf(bytes: number, perSecond = 1_000, now = () => performance.now()) {
  const doc = new Y.Doc();
  doc.getText('t').insert(0, 'x'.repeat(bytes));
  const joins = new Joins(doc, { perSecond, now });
  open.push(joins);
  const answers: Answer[] = [];
  const join = (stateVector = nothing, version: UpdateVersion = 1) =>
    joins.answer({}, { stateVector, version }, (answer) => answers.push(answer));
  /** As whoever joins has it after both messages, in the order they are sent in. */
  const textOf = (answer: Answer | undefined) => {
    const joined = new Y.Doc();
    if (answer?.since) Y.applyUpdate(joined, answer.since);
    if (answer) Y.applyUpdate(joined, answer.update);
    expect(joined.store.pendingStructs ?? joined.store.pendingDs).toBeNull();
    return joined.getText('t').toString();
  };
  return { doc, joins, answers, join, textOf };
}

test('those who lack the same share one encoding, until the board changes', async () => {
  const { doc, answers, join, textOf } = boardOf(10);
  join();
  join();
  expect(answers).toHaveLength(2);
  expect(answers[1]?.update).toBe(answers[0]?.update);
  doc.getText('t').insert(0, 'more ');
  join();
  await vi.waitUntil(() => answers.length === 3);
  expect(textOf(answers[2])).toBe(`more ${'x'.repeat(10)}`);
});

test('who reads the second version of the format gets it, and the others do not', () => {
  const { doc, answers, join, textOf } = boardOf(100_000);
  join(nothing, 2);
  doc.getText('t').insert(0, 'more ');
  join(nothing, 2);
  const [first, second] = answers;
  expect(second?.update).toBe(first?.update);
  expect(textOf(second && { ...second, update: Y.convertUpdateFormatV2ToV1(second.update) })).toBe(
    doc.getText('t').toString(),
  );
});

test('who has something gets the rest only', async () => {
  const { doc, answers, join } = boardOf(5_000);
  const known = Y.encodeStateVector(doc);
  doc.getText('t').insert(0, 'more');
  join(known);
  join();
  await vi.waitUntil(() => answers.length === 2);
  expect(answers[0]?.update.byteLength).toBeLessThan(100);
  expect(answers[1]?.update.byteLength).toBeGreaterThan(5_000);
});

test('of a large board the encoding is shared also when it was edited in between', async () => {
  const { doc, answers, join, textOf } = boardOf(100_000);
  join();
  const text = doc.getText('t');
  text.insert(0, 'more ');
  text.delete(5, 99_998);
  doc.getMap('m').set('k', 'v');
  join();
  expect(answers[1]?.update).toBe(answers[0]?.update);
  expect(textOf(answers[0])).toHaveLength(100_000);
  expect(textOf(answers[1])).toBe('more xx');
  text.insert(7, ' x');
  join();
  expect(textOf(answers[2])).toBe('more xx x');
});

test('after many edits a large board is encoded anew', async () => {
  const { doc, answers, join, textOf } = boardOf(100_000);
  join();
  doc.getText('t').insert(0, 'y'.repeat(9_000));
  join();
  await vi.waitUntil(() => answers.length === 2);
  expect(answers[1]?.since).toBeUndefined();
  expect(textOf(answers[1])).toHaveLength(109_000);
});

test('an encoding is kept while it is asked for, and let go a second or two later', () => {
  vi.useFakeTimers();
  const { answers, join } = boardOf(100_000);
  for (let second = 0; second < 5; second += 1) {
    join();
    vi.advanceTimersByTime(1_000);
  }
  expect(new Set(answers.map(({ update }) => update)).size).toBe(1);
  vi.advanceTimersByTime(2_000);
  expect(vi.getTimerCount()).toBe(0);
  join();
  expect(answers[5]?.update).not.toBe(answers[0]?.update);
});

test('who comes while it rests gets what the board is by then', async () => {
  // The first encoding begins at 0 and ends at 100, so it rests until 200.
  const times = [0, 0, 100];
  const { doc, answers, join, textOf } = boardOf(10, 1_000, () => times.shift() ?? 100);
  join();
  doc.getText('t').insert(0, 'first ');
  join();
  expect(answers).toHaveLength(1);
  doc.getText('t').insert(0, 'second ');
  times.push(200, 200, 200);
  await vi.waitUntil(() => answers.length === 2);
  expect(textOf(answers[1])).toMatch(/^second first x/);
});

test('more than so many a second wait, and nobody is forgotten', async () => {
  const { answers, join } = boardOf(10, 3);
  for (let n = 0; n < 5; n += 1) join();
  expect(answers).toHaveLength(3);
  await vi.waitUntil(() => answers.length === 5, { timeout: 5_000 });
});

test('who asks again while it waits is answered once, and no later than before', () => {
  vi.useFakeTimers();
  const { doc, joins, answers, join } = boardOf(10, 1);
  join();
  const heard: string[] = [];
  const ask = (name: string, who: object, stateVector = nothing) =>
    joins.answer(who, { stateVector, version: 1 }, ({ update }) =>
      heard.push(`${name} ${update.byteLength < 10 ? 'nothing' : 'all'}`),
    );
  const [impatient, other] = [{}, {}];
  for (let n = 0; n < 100; n += 1) ask('impatient', impatient);
  ask('other', other);
  ask('impatient', impatient, Y.encodeStateVector(doc));
  vi.advanceTimersByTime(10_000);
  expect([answers.length, heard]).toEqual([1, ['impatient nothing', 'other all']]);
});

test('nobody is answered after it is closed', () => {
  vi.useFakeTimers();
  const { joins, answers, join } = boardOf(10, 3);
  for (let n = 0; n < 5; n += 1) join();
  joins.close();
  vi.advanceTimersByTime(5_000);
  expect(answers).toHaveLength(3);
});
