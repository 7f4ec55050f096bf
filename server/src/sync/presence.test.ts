import * as encoding from 'lib0/encoding';
import { afterEach, describe, expect, it } from 'vitest';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { BoardPresence, type PresenceMember } from './presence.ts';

/** A member with a stock `Awareness` at its end. */
class Member implements PresenceMember {
  readonly identity: PresenceMember['identity'];
  readonly awareness = new Awareness(new Y.Doc());
  received = 0;
  #waiting: (() => void)[] = [];

  constructor(actor: string, name?: string) {
    this.identity = { actor, name };
    this.awareness.setLocalState(null);
  }

  get id(): number {
    return this.awareness.clientID;
  }

  sendPresence(update: Uint8Array): void {
    this.received += 1;
    applyAwarenessUpdate(this.awareness, update, 'server');
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
  let presence = new BoardPresence();

  afterEach(() => {
    presence.close();
    presence = new BoardPresence();
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
