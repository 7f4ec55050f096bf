import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { Joins } from './joins.ts';

const open: Joins[] = [];
afterEach(() => {
  for (const joins of open.splice(0)) joins.close();
});

const nothing = Y.encodeStateVector(new Y.Doc());

function boardOf(bytes: number, perSecond = 1_000, now = () => performance.now()) {
  const doc = new Y.Doc();
  doc.getText('t').insert(0, 'x'.repeat(bytes));
  const joins = new Joins(doc, { perSecond, now });
  open.push(joins);
  const answers: Uint8Array[] = [];
  const join = (stateVector = nothing) =>
    joins.answer(stateVector, (update) => answers.push(update));
  const textOf = (update: Uint8Array | undefined) => {
    const joined = new Y.Doc();
    if (update) Y.applyUpdate(joined, update);
    return joined.getText('t').toString();
  };
  return { doc, joins, answers, join, textOf };
}

test('those who lack the same share one encoding, until the board changes', async () => {
  const { doc, answers, join, textOf } = boardOf(10);
  join();
  join();
  expect(answers).toHaveLength(2);
  expect(answers[1]).toBe(answers[0]);
  doc.getText('t').insert(0, 'more ');
  join();
  await vi.waitUntil(() => answers.length === 3);
  expect(textOf(answers[2])).toBe(`more ${'x'.repeat(10)}`);
});

test('who has something gets the rest only', async () => {
  const { doc, answers, join } = boardOf(5_000);
  const known = Y.encodeStateVector(doc);
  doc.getText('t').insert(0, 'more');
  join(known);
  join();
  await vi.waitUntil(() => answers.length === 2);
  expect(answers[0]?.byteLength).toBeLessThan(100);
  expect(answers[1]?.byteLength).toBeGreaterThan(5_000);
});

test('of many who come at once, a part is answered in each turn', async () => {
  const { answers, join } = boardOf(3_000_000);
  for (let n = 0; n < 10; n += 1) join();
  const perTurn: number[] = [];
  for (let before = 0; answers.length < 10; before = answers.length) {
    await nextTurn();
    perTurn.push(answers.length - before);
  }
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(6);
  expect(perTurn.length).toBeGreaterThan(1);
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

test('nobody is answered after it is closed', async () => {
  const { joins, answers, join } = boardOf(3_000_000);
  for (let n = 0; n < 10; n += 1) join();
  const before = answers.length;
  expect(before).toBeLessThan(10);
  joins.close();
  await nextTurn();
  await nextTurn();
  expect(answers).toHaveLength(before);
});
