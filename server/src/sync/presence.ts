import {
  decodeNodeEntries,
  EntriesToLeaveOut,
  encodeEntry,
  encodeNodeEntries,
  joinEntries,
  type NodeEntry,
  readAwareness,
} from './presence-codec.ts';
import { type SharedUpdate, share } from './shared-update.ts';

/** A connection that takes part in a board's presence. */
export interface PresenceMember {
  readonly identity: { actor: string; name?: string | undefined; color?: string | undefined };
  /** Others are not shown a member that is invisible. */
  readonly isVisible: boolean;
  sendPresence(update: SharedUpdate): void;
  /** The member speaks for this client id: nobody else does. */
  announced?(client: number): void;
}

/** Sends entries to the other nodes: all that this node has (`whole`), or those that changed. */
export type TellNodes = (whole: boolean, entries: Uint8Array) => void;

/** Whose an entry is: a connection's of this node, or another node's, by its name on the wire. */
type Owner = PresenceMember | string;

interface Entry {
  owner: Owner;
  actor: string;
  /** When it was announced, by the clock of the node it was announced to. */
  stamp: number;
  /** The newest clock its client sent; entries of other nodes have none. */
  inClock: number;
  /** The entry as sent on: client id, clock of ours, state. */
  encoded: Uint8Array;
  outClock: number;
  /** JSON */
  state: string;
}

/** Somebody who left since the last tick. */
interface Departure {
  owner: Owner;
  actor: string;
  stamp: number;
  encoded: Uint8Array;
}

const TICK_MS = 20;
/** Between ticks a board rests for so many times as long as the last one took, so sending takes a ninth of the time. */
const REST = 8;
const MAX_TICK_MS = 50;
/** Clients count their own clocks up from 0; clocks we send are milliseconds since 1970. */
const FIRST_SERVER_CLOCK = 2 ** 32;

/**
 * Who is present on one board, kept by us instead of by Yjs' `Awareness` on the server, because:
 * - A client id belongs to the connection that announced it. y-websocket clients echo everything they
 *   receive; clocks of ours are recognisable, so an echo can neither steal nor revive an id.
 * - Every entry sent on carries a clock of ours that always grows, restarts included. Stock clients
 *   ignore equal clocks, which hides unchanged people after a reconnect.
 * - The identity in a state comes from the token.
 * - Changes go out once per tick and board, each entry encoded once; the more people, the longer a tick.
 * - People on other nodes are entries like any others. A client that moves between nodes belongs to
 *   the one it announced itself to last; clocks of nodes follow each other so that "last" is right.
 */
export class BoardPresence {
  readonly #tellNodes: TellNodes;
  readonly #members = new Set<PresenceMember>();
  readonly #greeted = new Set<PresenceMember>();
  readonly #entries = new Map<number, Entry>();
  readonly #departed = new Map<number, Departure>();
  readonly #changed = new Set<number>();
  /** Nodes whose people may be gone. */
  readonly #unconfirmed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #tickMs = TICK_MS;
  #lastClock = 0;

  constructor(tellNodes: TellNodes) {
    this.#tellNodes = tellNodes;
  }

  /** Whether anybody is present by way of this node. */
  get hasOwn(): boolean {
    for (const { owner } of this.#entries.values()) if (isOwn(owner)) return true;
    return false;
  }

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
      if (entry.owner === member) this.#remove(client, entry);
    // The board may be unloaded before the next tick.
    if (this.#members.size === 0) this.#flush();
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

  /** Takes what another node, `from`, told of the people it has. */
  receiveFromNode(from: string, whole: boolean, bytes: Uint8Array): void {
    const entries = decodeNodeEntries(bytes);
    for (const entry of entries) this.#takeOver(from, entry);
    if (!whole) return;
    this.#unconfirmed.delete(from);
    const there = new Set(entries.map(({ client }) => client));
    this.#removeOf(from, (client) => !there.has(client));
  }

  /** The other node is gone, and its people with it. */
  removeNode(from: string): void {
    this.#removeOf(from, () => true);
  }

  /** The other nodes were asked for their people: whoever does not answer until `dropUnconfirmed` has none. */
  expectAnswers(): void {
    for (const { owner } of this.#entries.values()) if (!isOwn(owner)) this.#unconfirmed.add(owner);
  }

  dropUnconfirmed(): void {
    for (const node of this.#unconfirmed) this.removeNode(node);
    this.#unconfirmed.clear();
  }

  /** Tells the other nodes everybody who is present by way of this one. */
  tellWhole(): void {
    const own = [...this.#entries].filter(([, entry]) => isOwn(entry.owner));
    this.#tellNodes(true, encodeNodeEntries(own.map(([client, entry]) => ({ client, ...entry }))));
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
    const { actor } = member.identity;
    if (entry?.owner !== member) {
      const isEcho = clock >= FIRST_SERVER_CLOCK;
      const isForeign = entry !== undefined && entry.actor !== actor;
      if (state === null || isEcho || isForeign) return;
    } else if (state === null) {
      if (clock >= entry.inClock) this.#remove(client, entry);
      return;
    } else if (clock <= entry.inClock) {
      return;
    }
    member.announced?.(client);
    if (!member.isVisible) {
      // It was visible until it got another token.
      if (entry?.owner === member) this.#remove(client, entry);
      return;
    }
    const json = JSON.stringify(stampIdentity(state, member));
    const stamp = this.#nextClock();
    this.#set(client, { owner: member, actor, stamp, inClock: clock, state: json });
  }

  #takeOver(from: string, { client, actor, stamp, state }: NodeEntry): void {
    this.#lastClock = Math.max(this.#lastClock, stamp);
    const entry = this.#entries.get(client);
    if (state === undefined) {
      if (entry?.owner === from) this.#remove(client, entry);
      return;
    }
    const isForeign = entry !== undefined && isOwn(entry.owner) && entry.actor !== actor;
    if (isForeign || (entry !== undefined && stamp <= entry.stamp)) return;
    this.#set(client, { owner: from, actor, stamp, inClock: 0, state });
  }

  #set(client: number, entry: Omit<Entry, 'outClock' | 'encoded'>): void {
    const outClock = this.#nextClock();
    const encoded = encodeEntry(client, outClock, entry.state);
    this.#entries.set(client, { ...entry, outClock, encoded });
    this.#departed.delete(client);
    this.#change(client);
  }

  #removeOf(from: string, isConcerned: (client: number) => boolean): void {
    for (const [client, entry] of this.#entries) {
      if (entry.owner === from && isConcerned(client)) this.#remove(client, entry);
    }
  }

  #remove(client: number, { owner, actor }: Entry): void {
    this.#entries.delete(client);
    const stamp = this.#nextClock();
    this.#departed.set(client, {
      owner,
      actor,
      stamp,
      encoded: encodeEntry(client, stamp, 'null'),
    });
    this.#change(client);
  }

  #change(client: number): void {
    this.#changed.add(client);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#flush(), this.#tickMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const changes = [...this.#changed].flatMap((client) => {
      const change = this.#entries.get(client) ?? this.#departed.get(client);
      return change === undefined ? [] : { client, change };
    });
    this.#changed.clear();
    this.#departed.clear();
    const own = changes.filter(({ change }) => isOwn(change.owner));
    if (own.length > 0) {
      this.#tellNodes(
        false,
        encodeNodeEntries(
          own.map(({ client, change }) => ({ client, state: undefined, ...change })),
        ),
      );
    }
    const from = performance.now();
    this.#sendToMembers(changes.map(({ change }) => change));
    const tookMs = performance.now() - from;
    this.#tickMs = Math.min(Math.max(TICK_MS, tookMs * REST), MAX_TICK_MS);
  }

  #sendToMembers(changes: (Entry | Departure)[]): void {
    /** Where in the changes each owner's are. */
    const places = Map.groupBy(changes.keys(), (place) => changes[place]?.owner);
    const entries = new EntriesToLeaveOut(changes.map(({ encoded }) => encoded));
    const forOthers = share(entries.without([]));
    for (const member of this.#members) {
      const own = places.get(member);
      if (!this.#greeted.has(member)) this.#greet(member);
      else this.#send(member, own === undefined ? forOthers : share(entries.without(own)));
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
    const others = [...this.#entries.values()].filter(({ owner }) => owner !== member);
    this.#send(member, share(joinEntries(others.map(({ encoded }) => encoded))));
  }

  #send(member: PresenceMember, update: SharedUpdate): void {
    if (update.bytes[0] !== 0) member.sendPresence(update);
  }

  #nextClock(): number {
    this.#lastClock = Math.max(this.#lastClock + 1, Date.now());
    return this.#lastClock;
  }
}

function isOwn(owner: Owner): owner is PresenceMember {
  return typeof owner !== 'string';
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
