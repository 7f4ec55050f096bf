import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metric } from '../support/metrics.ts';
import { type GroupNode, type Nodes, startNodes } from '../support/nodes.ts';
import { createDatabase } from '../support/postgres.ts';
import { stockHocuspocus, stockYWebsocket } from '../support/providers.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const BOARD = 'acme/people';

type Person = ReturnType<typeof stockHocuspocus> | ReturnType<typeof stockYWebsocket>;

/** A browser tab that is gone: its socket ends without a word. */
function closeTab(person: Person): void {
  const ws = 'socket' in person ? person.socket.webSocket : person.provider.ws;
  (ws as unknown as { terminate(): void }).terminate();
  person.destroy();
}

describe('people on three nodes, with the stock clients', () => {
  let redis: Redis;
  let nodes: Nodes;
  const people = new Set<Person>();

  beforeAll(async () => {
    redis = await startRedis();
    const databaseUrl = await createDatabase();
    nodes = await startNodes({ count: 3, databaseUrl, redisUrls: [redis.url] });
    const linked = () =>
      Promise.all(nodes.urls.map((url) => metric(url, 'tessera_fanout_peers'))).then((peers) =>
        peers.every((count) => count === 2),
      );
    await eventually(linked, { what: 'all nodes to hear each other' });
    for (const [index, node] of nodes.all.entries()) {
      enter(stockHocuspocus, node, `hocuspocus-${index + 1}`);
      enter(stockYWebsocket, node, `y-websocket-${index + 1}`);
    }
  });

  afterAll(async () => {
    for (const person of people) person.destroy();
    await nodes.stop();
    await redis.close();
  });

  function enter(
    connect: typeof stockHocuspocus | typeof stockYWebsocket,
    node: GroupNode | undefined,
    name: string,
    doc?: Person['doc'],
  ): Person {
    const person = connect(node?.url ?? '', BOARD, tokenFor(name), doc);
    person.awareness?.setLocalState({ user: { name }, cursor: 0 });
    people.add(person);
    return person;
  }

  function leave(person: Person, how: (person: Person) => void): void {
    people.delete(person);
    how(person);
  }

  const shownTo = (person: Person, other: Person) =>
    person.awareness?.getStates().get(other.doc.clientID);

  /** Waits until everybody in `who` sees what the condition wants, and says how long it took. */
  async function untilAll(
    who: Iterable<Person>,
    sees: (person: Person) => boolean,
    { within, what }: { within: number; what: string },
  ): Promise<void> {
    const startedAt = performance.now();
    const all = [...who];
    await eventually(() => all.every(sees), { timeoutMs: within, what });
    console.log(`${what}: ${Math.round(performance.now() - startedAt)} ms`);
  }

  it('show everybody to everybody', async () => {
    await untilAll(people, (person) => person.awareness?.getStates().size === 6, {
      within: 2_000,
      what: 'six people at six people',
    });
    const [first, , , last] = people;
    if (first === undefined || last === undefined) throw new Error('there are six');
    // The identity is the token's, on other nodes too.
    expect(shownTo(last, first)).toMatchObject({ user: { id: 'hocuspocus-1' } });
  });

  it.for(['hocuspocus', 'y-websocket'])('show what a %s client changes', async (kind) => {
    const person = [...people][kind === 'hocuspocus' ? 0 : 1];
    if (person === undefined) throw new Error('there are six');
    person.awareness?.setLocalStateField('cursor', 7);
    await untilAll(people, (other) => shownTo(other, person)?.['cursor'] === 7, {
      within: 1_000,
      what: `a change of a ${kind} client`,
    });
  });

  it.for([
    { kind: 'hocuspocus', connect: stockHocuspocus },
    { kind: 'y-websocket', connect: stockYWebsocket },
  ])('show nobody who left, with a word or without ($kind)', async ({ kind, connect }) => {
    for (const [how, end] of [
      ['left', (person: Person) => person.destroy()],
      ['closed the tab', closeTab],
    ] as const) {
      const guest = enter(connect, nodes.all[1], `guest-${kind}`);
      const others = [...people].filter((person) => person !== guest);
      const name = `a ${kind} client who`;
      const isShown = (person: Person) => shownTo(person, guest) !== undefined;
      await untilAll(others, isShown, { within: 1_000, what: `${name} came` });
      leave(guest, end);
      await untilAll(others, (person) => !isShown(person), {
        within: 1_000,
        what: `${name} ${how}`,
      });
    }
  });

  it('are right again once Redis is back: who came meanwhile is shown, who left is not', async () => {
    const leaver = enter(stockHocuspocus, nodes.all[1], 'leaver');
    const isShown = (person: Person) => shownTo(person, leaver) !== undefined;
    await untilAll(people, isShown, { within: 1_000, what: 'who will leave' });
    await redis.kill();
    leave(leaver, closeTab);
    const comer = enter(stockYWebsocket, nodes.all[2], 'comer');
    const sees = (person: Person) => shownTo(person, comer) !== undefined && !isShown(person);
    await eventually(() => comer.provider.synced, { what: 'the newcomer to be synced' });
    await redis.start();
    await untilAll(people, sees, { within: 3_000, what: 'what was missed while Redis was away' });
    leave(comer, closeTab);
    const left = (person: Person) => shownTo(person, comer) === undefined;
    await untilAll(people, left, { within: 1_000, what: 'the newcomer gone' });
  });

  it('see the people of a node that falls silent go, and return with it', async () => {
    const [hocuspocus, yWebsocket, ...others] = people;
    if (hocuspocus === undefined || yWebsocket === undefined) throw new Error('there are six');
    const count = (expected: number) => (person: Person) =>
      person.awareness?.getStates().size === expected;
    nodes.all[0]?.redis?.blackHole();
    await untilAll(others, count(4), { within: 5_000, what: 'the people of a silent node, gone' });
    await nodes.all[0]?.redis?.restore({ held: 'reset' });
    await untilAll(people, count(6), { within: 3_000, what: 'everybody back with the node' });
  });

  it('forget the people of a node that died, but not who moved to another', async () => {
    const [hocuspocus, yWebsocket, ...others] = people;
    if (hocuspocus === undefined || yWebsocket === undefined) throw new Error('there are six');
    await nodes.all[0]?.kill();
    leave(hocuspocus, (person) => person.provider.destroy());
    leave(yWebsocket, (person) => person.provider.destroy());
    // The same document, and so the same client id.
    const moved = enter(stockHocuspocus, nodes.all[1], 'hocuspocus-1', hocuspocus.doc);
    const vanished: number[] = [];
    const isShown = (person: Person) => shownTo(person, moved)?.['cursor'] === 0;
    await untilAll(others, isShown, { within: 1_000, what: 'who moved, on its new node' });
    for (const { awareness } of others) {
      awareness?.on('change', ({ removed }: { removed: number[] }) => vanished.push(...removed));
    }
    const isGone = (person: Person) => shownTo(person, yWebsocket) === undefined;
    await untilAll(others, isGone, { within: 5_000, what: 'who was on the dead node, gone' });
    expect(others.every(isShown)).toBe(true);
    expect(vanished).not.toContain(moved.doc.clientID);
    expect([...people].map((person) => person.awareness?.getStates().size)).toEqual([
      5, 5, 5, 5, 5,
    ]);
  });
});
