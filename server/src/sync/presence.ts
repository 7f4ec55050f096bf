import { TesseraError } from '@tessera/model';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { decodeOr } from '../decode.ts';

/** A connection that takes part in a board's presence. */
export interface PresenceMember {
  readonly identity: { actor: string; name?: string | undefined; color?: string | undefined };
  sendPresence(update: Uint8Array): void;
}

interface Entry {
  owner: PresenceMember;
  /** The newest clock its client sent. */
  inClock: number;
  /** The entry as sent on: client id, clock of ours, state. */
  encoded: Uint8Array;
  outClock: number;
  state: string;
}

const TICK_MS = 20;
const MAX_STATE_BYTES = 64 * 1024;
/** Clients count their own clocks up from 0; clocks we send are milliseconds since 1970. */
const FIRST_SERVER_CLOCK = 2 ** 32;

/**
 * Who is present on one board, kept by us instead of by Yjs' `Awareness` on the server, because:
 * - A client id belongs to the connection that announced it. y-websocket clients echo everything they
 *   receive; clocks of ours are recognisable, so an echo can neither steal nor revive an id.
 * - Every entry sent on carries a clock of ours that always grows, restarts included. Stock clients
 *   ignore equal clocks, which hides unchanged people after a reconnect.
 * - The identity in a state comes from the token.
 * - Changes go out once per tick and board, each entry encoded once.
 */
export class BoardPresence {
  readonly #members = new Set<PresenceMember>();
  readonly #greeted = new Set<PresenceMember>();
  readonly #entries = new Map<number, Entry>();
  /** Who left since the last tick: the entry that says so, and whose it was. */
  readonly #departed = new Map<number, { owner: PresenceMember; encoded: Uint8Array }>();
  readonly #changed = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #lastClock = 0;

  /**
   * The member is sent who is there at the next tick, or with its own first announcement: a client
   * must not be sent its own id, and before it speaks we do not know it.
   */
  join(member: PresenceMember): void {
    this.#members.add(member);
    this.#schedule();
  }

  leave(member: PresenceMember): void {
    this.#members.delete(member);
    this.#greeted.delete(member);
    for (const [client, entry] of this.#entries)
      if (entry.owner === member) this.#remove(client, member);
    if (this.#members.size === 0) this.close();
  }

  /**
   * Takes an awareness update (y-protocols encoding) from a member.
   * @throws TesseraError `malformed`, `too-large`
   */
  receive(member: PresenceMember, update: Uint8Array): void {
    for (const { client, clock, state } of readAwareness(update)) {
      this.#announce(member, client, clock, state);
    }
    this.#greet(member);
  }

  /** Sends everybody's state to the member, as an answer to QueryAwareness. */
  query(member: PresenceMember): void {
    this.#greeted.delete(member);
    this.#greet(member);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed.clear();
    this.#departed.clear();
  }

  #announce(
    member: PresenceMember,
    client: number,
    clock: number,
    state: Record<string, unknown> | null,
  ): void {
    const entry = this.#entries.get(client);
    if (entry?.owner !== member) {
      const isEcho = clock >= FIRST_SERVER_CLOCK;
      const isForeign = entry !== undefined && entry.owner.identity.actor !== member.identity.actor;
      if (state === null || isEcho || isForeign) return;
    } else if (state === null) {
      if (clock >= entry.inClock) this.#remove(client, member);
      return;
    } else if (clock <= entry.inClock) {
      return;
    }
    const json = JSON.stringify(stampIdentity(state, member));
    const outClock = this.#nextClock();
    const encoded = encodeEntry(client, outClock, json);
    this.#entries.set(client, { owner: member, inClock: clock, outClock, encoded, state: json });
    this.#departed.delete(client);
    this.#change(client);
  }

  #remove(client: number, owner: PresenceMember): void {
    this.#entries.delete(client);
    this.#departed.set(client, { owner, encoded: encodeEntry(client, this.#nextClock(), 'null') });
    this.#change(client);
  }

  #change(client: number): void {
    this.#changed.add(client);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#flush(), TICK_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    const entries = [...this.#changed].flatMap(
      (client) => this.#entries.get(client) ?? this.#departed.get(client) ?? [],
    );
    this.#changed.clear();
    this.#departed.clear();
    const owners = new Set(entries.map((entry) => entry.owner));
    const shared = joinEntries(entries.map((entry) => entry.encoded));
    for (const member of this.#members) {
      if (!this.#greeted.has(member)) this.#greet(member);
      else if (!owners.has(member)) this.#send(member, shared);
      else this.#send(member, joinEntries(encodedNotOf(member, entries)));
    }
  }

  /** With fresh clocks: a client that was here before ignores clocks it knows. */
  #greet(member: PresenceMember): void {
    if (this.#greeted.has(member) || !this.#members.has(member)) return;
    this.#greeted.add(member);
    for (const [client, entry] of this.#entries) {
      entry.outClock = this.#nextClock();
      entry.encoded = encodeEntry(client, entry.outClock, entry.state);
    }
    this.#send(member, joinEntries(encodedNotOf(member, [...this.#entries.values()])));
  }

  #send(member: PresenceMember, update: Uint8Array): void {
    if (update[0] !== 0) member.sendPresence(update);
  }

  #nextClock(): number {
    this.#lastClock = Math.max(this.#lastClock + 1, Date.now());
    return this.#lastClock;
  }
}

function encodedNotOf(
  member: PresenceMember,
  entries: { owner: PresenceMember; encoded: Uint8Array }[],
): Uint8Array[] {
  return entries.filter(({ owner }) => owner !== member).map(({ encoded }) => encoded);
}

function encodeEntry(client: number, clock: number, state: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, client);
  encoding.writeVarUint(encoder, clock);
  encoding.writeVarString(encoder, state);
  return encoding.toUint8Array(encoder);
}

function joinEntries(entries: Uint8Array[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const entry of entries) encoding.writeUint8Array(encoder, entry);
  return encoding.toUint8Array(encoder);
}

interface Announcement {
  client: number;
  clock: number;
  state: Record<string, unknown> | null;
}

function readAwareness(update: Uint8Array): Announcement[] {
  return decodeOr('the presence message cannot be decoded', () => {
    const decoder = decoding.createDecoder(update);
    const announcements: Announcement[] = [];
    for (let left = decoding.readVarUint(decoder); left > 0; left--) {
      const client = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      const json = decoding.readVarString(decoder);
      if (json.length > MAX_STATE_BYTES) {
        throw new TesseraError('too-large', `a presence state may have ${MAX_STATE_BYTES} bytes`);
      }
      const state: unknown = JSON.parse(json);
      if (typeof state !== 'object' || Array.isArray(state)) {
        throw new TesseraError('malformed', 'a presence state is an object or null');
      }
      announcements.push({ client, clock, state: state as Announcement['state'] });
    }
    return announcements;
  });
}

function stampIdentity(
  state: Record<string, unknown>,
  { identity }: PresenceMember,
): Record<string, unknown> {
  const claimed = typeof state['user'] === 'object' ? state['user'] : {};
  const { actor, name, color } = identity;
  return {
    ...state,
    user: { ...claimed, id: actor, ...(name ? { name } : {}), ...(color ? { color } : {}) },
  };
}
