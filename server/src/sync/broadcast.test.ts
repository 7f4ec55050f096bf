import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { eventually } from '../../../test/support/wait.ts';
import { type Audience, Broadcast } from './broadcast.ts';
import type { SharedUpdate } from './shared-update.ts';

/** A member that keeps what it is sent, in a document and as it came. */
class Member implements Audience {
  readonly connection = {};
  readonly doc = new Y.Doc();
  readonly updates: SharedUpdate[] = [];
  /** How long it takes to send to it. */
  readonly #takesMs: number;

  constructor(takesMs = 0) {
    this.#takesMs = takesMs;
  }

  sendUpdate(update: SharedUpdate): void {
    const until = performance.now() + this.#takesMs;
    while (performance.now() < until);
    this.updates.push(update);
    Y.applyUpdate(this.doc, update.bytes);
  }
}

const open: Broadcast[] = [];
afterEach(() => {
  for (const broadcast of open.splice(0)) broadcast.close();
});

function broadcastTo(...members: Member[]): Broadcast {
  const broadcast = new Broadcast(new Set(members));
  open.push(broadcast);
  return broadcast;
}

/** Updates that set keys of a map, one after the other. */
function edits(count: number, value: unknown = true): Uint8Array[] {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update) => updates.push(update));
  for (let index = 0; index < count; index++) doc.getMap('all').set(`key-${index}`, value);
  return updates;
}

const keys = ({ doc }: Member) => doc.getMap('all').size;

describe('a broadcast', () => {
  test('sends an update to everybody but its writer, as one object for all', async () => {
    const [writer, one, other] = [new Member(), new Member(), new Member()];
    const broadcast = broadcastTo(writer, one, other);
    for (const update of edits(1)) broadcast.add(update, writer.connection);
    await eventually(() => keys(one) === 1 && keys(other) === 1);
    expect(writer.updates).toEqual([]);
    expect(one.updates[0]).toBe(other.updates[0]);
  });

  test('sends what nobody here wrote to everybody', async () => {
    const members = [new Member(), new Member()];
    const broadcast = broadcastTo(...members);
    for (const update of edits(1)) broadcast.add(update, undefined);
    await eventually(() => members.every((member) => keys(member) === 1));
  });

  test('merges what comes in one turn; writers get it with what others wrote, and only then', async () => {
    const [ann, bob] = [new Member(), new Member()];
    const broadcast = broadcastTo(ann, bob);
    for (const update of edits(5)) broadcast.add(update, ann.connection);
    await eventually(() => keys(bob) === 5);
    expect(bob.updates).toHaveLength(1);
    expect(ann.updates).toEqual([]);

    const [first, second] = edits(2, 'later');
    if (first === undefined || second === undefined) throw new Error('two edits were asked for');
    broadcast.add(first, ann.connection);
    broadcast.add(second, bob.connection);
    await eventually(() => ann.updates.length === 1 && bob.updates.length === 2);
    expect(ann.updates[0]).toBe(bob.updates[1]);
  });

  test('after one that took long, the next ones go out together', async () => {
    const slow = new Member(5);
    const broadcast = broadcastTo(slow);
    const [first, ...others] = edits(10);
    if (first === undefined) throw new Error('ten edits were asked for');
    broadcast.add(first, undefined);
    await eventually(() => slow.updates.length === 1);
    for (const update of others) {
      broadcast.add(update, undefined);
      // Each in a turn of its own.
      await nextTurn();
    }
    await eventually(() => keys(slow) === 10);
    expect(slow.updates.length).toBeLessThan(others.length);
  });

  test('does not let much wait to be merged', async () => {
    const member = new Member();
    const broadcast = broadcastTo(member);
    const large = edits(3, 'x'.repeat(8 * 1024));
    for (const update of large) broadcast.add(update, undefined);
    expect(member.updates.map(({ bytes }) => bytes)).toEqual(large);
  });

  test('sends a large update as it is, behind what waits, and neither to its writer', async () => {
    const [ann, bob] = [new Member(), new Member()];
    const broadcast = broadcastTo(ann, bob);
    const [small] = edits(1);
    const [large] = edits(1, 'x'.repeat(8 * 1024));
    if (small === undefined || large === undefined) throw new Error('two edits were asked for');
    broadcast.add(small, ann.connection);
    broadcast.add(large, bob.connection);
    expect(ann.updates.map(({ bytes }) => bytes)).toEqual([large]);
    expect(bob.updates.map(({ bytes }) => bytes)).toEqual([small]);
  });

  test('sends nothing after it was closed', async () => {
    const member = new Member();
    const broadcast = broadcastTo(member);
    for (const update of edits(1)) broadcast.add(update, undefined);
    broadcast.close();
    await nextTurn();
    await nextTurn();
    expect(member.updates).toEqual([]);
  });
});
