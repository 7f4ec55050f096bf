import * as encoding from 'lib0/encoding';
import { afterEach, describe, expect, it } from 'vitest';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { BoardPresence, type PresenceMember } from './presence.ts';
import { decodeNodeEntries, encodeNodeEntries } from './presence-codec.ts';
import type { SharedUpdate } from './shared-update.ts';

/** A member with a stock `Awareness` at its end. */
class Member implements PresenceMember {
  readonly identity: PresenceMember['identity'];
  isVisible = true;
  readonly awareness = new Awareness(new Y.Doc());
  received = 0;
  readonly updates = new Set<SharedUpdate>();
  #waiting: (() => void)[] = [];

  constructor(actor: string, name?: string) {
    this.identity = { actor, name };
    this.awareness.setLocalState(null);
  }

  get id(): number {
    return this.awareness.clientID;
  }

  sendPresence(update: SharedUpdate): void {
    this.received += 1;
    this.updates.add(update);
    applyAwarenessUpdate(this.awareness, update.bytes, 'server');
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  announcement(): Uint8Array {
    return encodeAwarenessUpdate(this.awareness, [this.id]);
  }

  sees(other: Member): unknown {
    return this.awareness.getStates().get(other.id);
  }
}

function rawAnnouncement(client: number, clock: number, json: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarUint(encoder, client);
  encoding.writeVarUint(encoder, clock);
  encoding.writeVarString(encoder, json);
  return encoding.toUint8Array(encoder);
}

describe('BoardPresence', () => {
  const members: Member[] = [];
  let presence = new BoardPresence(() => undefined);

  afterEach(() => {
    presence.close();
    presence = new BoardPresence(() => undefined);
    for (const member of members.splice(0)) member.awareness.destroy();
  });

  function join(actor: string, name?: string): Member {
    const member = new Member(actor, name);
    members.push(member);
    presence.join(member);
    return member;
  }

  function show(member: Member, state: Record<string, unknown> | null): void {
    member.awareness.setLocalState(state);
    presence.receive(member, member.announcement());
  }

  it('tells others with the identity of the token, and nobody about themselves', async () => {
    const [ada, bob] = [join('ada', 'Ada'), join('bob')];
    show(ada, { cursor: 1, user: { id: 'mallory', name: 'Mallory', mood: 'good' } });
    await bob.next();
    expect(bob.sees(ada)).toEqual({ cursor: 1, user: { id: 'ada', name: 'Ada', mood: 'good' } });
    expect(ada.received).toBe(0);
  });

  it('sends what many changed in a tick in one message', async () => {
    const reader = join('reader');
    const writers = Array.from({ length: 20 }, (_, index) => join(`writer-${index}`));
    for (const writer of writers) show(writer, { cursor: 0 });
    await reader.next();
    for (let i = 1; i <= 5; i++) for (const writer of writers) show(writer, { cursor: i });
    await reader.next();
    expect(reader.received).toBe(2);
    for (const writer of writers) expect(reader.sees(writer)).toMatchObject({ cursor: 5 });
  });

  it('encodes what it tells many once', async () => {
    const writer = join('writer');
    const readers = Array.from({ length: 20 }, (_, index) => join(`reader-${index}`));
    show(writer, { cursor: 1 });
    await readers[0]?.next();
    for (const reader of readers) reader.updates.clear(); // greetings, one for each
    show(writer, { cursor: 2 });
    await readers[0]?.next();
    const updates = readers.flatMap((reader) => [...reader.updates]);
    expect(updates).toHaveLength(20);
    expect(new Set(updates).size).toBe(1);
  });

  it('shows a newcomer who is there, once it has announced itself', async () => {
    const ada = join('ada');
    show(ada, { cursor: 1 });
    const bob = join('bob');
    show(bob, { cursor: 2 });
    expect(bob.sees(ada)).toMatchObject({ cursor: 1 });
    await ada.next();
    expect(ada.sees(bob)).toMatchObject({ cursor: 2 });
  });

  it('takes back who leaves, and who sets nothing', async () => {
    const [ada, bob, carol] = [join('ada'), join('bob'), join('carol')];
    show(ada, { cursor: 1 });
    show(bob, { cursor: 2 });
    await carol.next();
    show(ada, null);
    presence.leave(bob);
    await carol.next();
    expect([carol.sees(ada), carol.sees(bob)]).toEqual([undefined, undefined]);
    show(ada, { cursor: 3 });
    await carol.next();
    expect(carol.sees(ada)).toMatchObject({ cursor: 3 });
  });

  it('shows an invisible member the others, and shows it to nobody', async () => {
    const [ada, agent] = [join('ada'), join('agent')];
    agent.isVisible = false;
    show(ada, { cursor: 1 });
    show(agent, { cursor: 2 });
    await agent.next();
    expect(agent.sees(ada)).toMatchObject({ cursor: 1 });
    expect(ada.sees(agent)).toBeUndefined();
    agent.isVisible = true;
    show(agent, { cursor: 3 });
    await ada.next();
    expect(ada.sees(agent)).toMatchObject({ cursor: 3 });
    agent.isVisible = false;
    show(agent, { cursor: 4 });
    await ada.next();
    expect(ada.sees(agent)).toBeUndefined();
  });

  it('neither gives an id away to an echo nor revives one by it', async () => {
    const [ada, echo, witness] = [join('ada'), join('ada'), join('witness')];
    show(ada, { cursor: 1 });
    await echo.next();
    const echoed = encodeAwarenessUpdate(echo.awareness, [ada.id]);
    presence.receive(echo, echoed);
    presence.leave(echo); // would take the id along, had the echo stolen it
    expect(witness.sees(ada)).toMatchObject({ cursor: 1 });
    const second = join('ada');
    presence.leave(ada);
    await witness.next();
    presence.receive(second, echoed);
    presence.query(witness);
    expect(witness.sees(ada)).toBeUndefined();
  });

  it('lets nobody take the id of somebody else', async () => {
    const [ada, mallory, witness] = [join('ada'), join('mallory'), join('witness')];
    show(ada, { cursor: 1 });
    await witness.next();
    presence.receive(mallory, rawAnnouncement(ada.id, 1000, '{"cursor":9}'));
    presence.receive(mallory, rawAnnouncement(ada.id, 1001, 'null'));
    presence.query(witness);
    expect(witness.sees(ada)).toMatchObject({ cursor: 1 });
  });

  it('gives an id to a new connection of the same person while the old one still hangs', async () => {
    const [old, witness] = [join('ada'), join('witness')];
    show(old, { cursor: 1 });
    await witness.next();
    const again = join('ada');
    presence.receive(again, rawAnnouncement(old.id, 5, '{"cursor":2}'));
    presence.leave(old);
    await witness.next();
    expect(witness.sees(old)).toMatchObject({ cursor: 2 });
  });

  it('ignores clocks it has seen', async () => {
    const [ada, witness] = [join('ada'), join('witness')];
    presence.receive(ada, rawAnnouncement(7, 5, '{"cursor":5}'));
    presence.receive(ada, rawAnnouncement(7, 4, '{"cursor":4}'));
    await witness.next();
    expect(witness.awareness.getStates().get(7)).toMatchObject({ cursor: 5 });
  });

  it('refuses what is no presence', () => {
    const ada = join('ada');
    for (const update of [
      new Uint8Array([1]),
      rawAnnouncement(7, 1, '{'),
      rawAnnouncement(7, 1, '[]'),
      rawAnnouncement(7, 1, '1'),
    ]) {
      expect(() => presence.receive(ada, update)).toThrow(/malformed/);
    }
    const big = rawAnnouncement(7, 1, JSON.stringify({ text: 'x'.repeat(70_000) }));
    expect(() => presence.receive(ada, big)).toThrow(/too large/);
  });
});

/** Several nodes with one board, connected by a wire that delivers at once and can be cut. */
class Nodes {
  readonly #presences = new Map<string, BoardPresence>();
  readonly cut = new Set<string>();
  readonly told: string[] = [];

  add(name: string): BoardPresence {
    const presence = new BoardPresence((whole, entries) => {
      this.told.push(name);
      if (this.cut.has(name)) return;
      for (const [other, { receiveFromNode }] of this.#others(name)) {
        if (!this.cut.has(other)) receiveFromNode(name, whole, entries);
      }
    });
    this.#presences.set(name, presence);
    return presence;
  }

  *#others(name: string) {
    for (const [other, presence] of this.#presences) {
      if (other === name) continue;
      const receiveFromNode = presence.receiveFromNode.bind(presence);
      yield [other, { receiveFromNode }] as const;
    }
  }

  close(): void {
    for (const presence of this.#presences.values()) presence.close();
  }
}

describe('BoardPresence over several nodes', () => {
  let nodes = new Nodes();
  const members: Member[] = [];

  afterEach(() => {
    nodes.close();
    nodes = new Nodes();
    for (const member of members.splice(0)) member.awareness.destroy();
  });

  function join(presence: BoardPresence, actor: string): Member {
    const member = new Member(actor);
    members.push(member);
    presence.join(member);
    return member;
  }

  function show(presence: BoardPresence, member: Member, state: Record<string, unknown>): void {
    member.awareness.setLocalState(state);
    presence.receive(member, member.announcement());
  }

  async function untilSees(witness: Member, client: number, seen: unknown): Promise<void> {
    const look = () => witness.awareness.getStates().get(client);
    const fits = () =>
      seen === undefined
        ? look() === undefined
        : expect.objectContaining(seen).asymmetricMatch(look());
    while (!fits()) await witness.next();
  }

  it('shows joins, changes and departures on the other nodes', async () => {
    const [one, two] = [nodes.add('one'), nodes.add('two')];
    const [ada, bob] = [join(one, 'ada'), join(two, 'bob')];
    show(one, ada, { cursor: 1 });
    await untilSees(bob, ada.id, { cursor: 1, user: { id: 'ada' } });
    show(one, ada, { cursor: 2 });
    await untilSees(bob, ada.id, { cursor: 2 });
    one.leave(ada);
    await untilSees(bob, ada.id, undefined);
  });

  it('tells the other nodes once a tick, however many change how often', async () => {
    const [one, two] = [nodes.add('one'), nodes.add('two')];
    const writers = Array.from({ length: 50 }, (_, index) => join(one, `writer-${index}`));
    const reader = join(two, 'reader');
    nodes.told.splice(0);
    for (let i = 1; i <= 5; i++) for (const writer of writers) show(one, writer, { cursor: i });
    for (const writer of writers) await untilSees(reader, writer.id, { cursor: 5 });
    expect(nodes.told).toEqual(['one']);
  });

  it('shows a node that comes later everybody, when it asks', async () => {
    const one = nodes.add('one');
    const ada = join(one, 'ada');
    show(one, ada, { cursor: 1 });
    const two = nodes.add('two');
    const bob = join(two, 'bob');
    one.tellWhole();
    await untilSees(bob, ada.id, { cursor: 1 });
  });

  it('forgets the people of a node that is gone', async () => {
    const [one, two] = [nodes.add('one'), nodes.add('two')];
    const [ada, bob] = [join(one, 'ada'), join(two, 'bob')];
    show(one, ada, { cursor: 1 });
    await untilSees(bob, ada.id, { cursor: 1 });
    two.removeNode('one');
    await untilSees(bob, ada.id, undefined);
  });

  it('takes from a whole message that who is not in it has left', async () => {
    const [one, two] = [nodes.add('one'), nodes.add('two')];
    const [ada, eve, bob] = [join(one, 'ada'), join(one, 'eve'), join(two, 'bob')];
    show(one, ada, { cursor: 1 });
    show(one, eve, { cursor: 2 });
    await untilSees(bob, ada.id, { cursor: 1 });
    nodes.cut.add('two');
    one.leave(ada);
    await eve.next(); // the tick that told of it
    nodes.cut.delete('two');
    one.tellWhole();
    await untilSees(bob, ada.id, undefined);
    expect(bob.sees(eve)).toMatchObject({ cursor: 2 });
  });

  it('drops the people of nodes that do not answer when asked', async () => {
    const [one, two, three] = [nodes.add('one'), nodes.add('two'), nodes.add('three')];
    const [ada, carol, bob] = [join(one, 'ada'), join(three, 'carol'), join(two, 'bob')];
    show(one, ada, { cursor: 1 });
    show(three, carol, { cursor: 3 });
    await untilSees(bob, ada.id, { cursor: 1 });
    await untilSees(bob, carol.id, { cursor: 3 });
    two.expectAnswers();
    three.tellWhole();
    two.dropUnconfirmed();
    await untilSees(bob, ada.id, undefined);
    expect(bob.sees(carol)).toMatchObject({ cursor: 3 });
  });

  it('follows a client that moves to another node, whatever its old connection does then', async () => {
    const [one, two, three] = [nodes.add('one'), nodes.add('two'), nodes.add('three')];
    const [old, witness] = [join(one, 'ada'), join(three, 'witness')];
    show(one, old, { cursor: 1 });
    await untilSees(witness, old.id, { cursor: 1 });
    const again = join(two, 'ada');
    two.receive(again, rawAnnouncement(old.id, 5, '{"cursor":2}'));
    await untilSees(witness, old.id, { cursor: 2 });
    one.tellWhole();
    one.leave(old);
    join(three, 'late'); // makes the third node greet somebody, and renews all clocks
    expect(witness.awareness.getStates().get(old.id)).toMatchObject({ cursor: 2 });
    two.leave(again);
    await untilSees(witness, old.id, undefined);
  });

  it('is not confused by what arrives late from the node that a client has left', async () => {
    const three = nodes.add('three');
    const witness = join(three, 'witness');
    show(three, witness, {});
    const tell = (from: string, stamp: number, state: string | undefined) =>
      three.receiveFromNode(
        from,
        false,
        encodeNodeEntries([{ client: 7, actor: 'ada', stamp, state }]),
      );
    tell('two', 20, '{"cursor":2}');
    tell('one', 10, '{"cursor":1}');
    await untilSees(witness, 7, { cursor: 2 });
    tell('one', 30, undefined);
    const other = join(three, 'other');
    show(three, other, { here: true });
    await untilSees(witness, other.id, { here: true });
    expect(witness.awareness.getStates().get(7)).toMatchObject({ cursor: 2 });
    tell('two', 40, undefined);
    await untilSees(witness, 7, undefined);
  });

  it('counts on from the clock of a node that is ahead, when it takes over a client', () => {
    const ahead = Date.now() + 1e6;
    const stamps: number[] = [];
    const presence = new BoardPresence((_whole, entries) => {
      for (const { stamp } of decodeNodeEntries(entries)) stamps.push(stamp);
    });
    const entry = { client: 7, actor: 'ada', stamp: ahead, state: '{"cursor":1}' };
    presence.receiveFromNode('one', false, encodeNodeEntries([entry]));
    const again = join(presence, 'ada');
    presence.receive(again, rawAnnouncement(7, 5, '{"cursor":2}'));
    presence.tellWhole();
    presence.close();
    expect(stamps).toEqual([expect.toSatisfy((stamp) => stamp > ahead)]);
  });

  it('keeps an id for its connection against somebody else on another node', async () => {
    const [one, two] = [nodes.add('one'), nodes.add('two')];
    const [ada, mallory, witness] = [join(one, 'ada'), join(two, 'mallory'), join(one, 'witness')];
    show(one, ada, { cursor: 1 });
    await untilSees(mallory, ada.id, { cursor: 1 });
    two.receive(mallory, rawAnnouncement(ada.id, 1000, '{"cursor":9}'));
    one.receiveFromNode(
      'two',
      false,
      encodeNodeEntries([
        { client: ada.id, actor: 'mallory', stamp: Date.now() + 1e6, state: '{"cursor":9}' },
      ]),
    );
    one.query(witness);
    expect(witness.sees(ada)).toMatchObject({ cursor: 1 });
  });

  it('tells of who left last, though the board is unloaded then', () => {
    const one = nodes.add('one');
    const ada = join(one, 'ada');
    show(one, ada, { cursor: 1 });
    nodes.told.splice(0);
    one.leave(ada);
    expect(nodes.told).toEqual(['one']);
  });

  it('refuses what is no presence of a node', () => {
    expect(() => nodes.add('one').receiveFromNode('two', false, new Uint8Array([3, 1]))).toThrow(
      /cannot be decoded/,
    );
  });
});
