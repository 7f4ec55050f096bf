import type { Json } from '@tessera/model';
import { isPlainObject, share } from './structural-sharing.ts';

/** What a tab shows of itself: JSON, each field by itself. `user`, `idle` and `clientId` are taken. */
export type PresenceFields = Readonly<Record<string, Json | undefined>>;

/** Somebody, by their token: the server vouches for `id`, and for name and color if the token has them. */
export interface PresenceUser {
  /** The `sub` of the token: the same on all devices of one user. */
  readonly id: string;
  readonly name?: string;
  readonly color?: string;
  readonly [claim: string]: Json | undefined;
}

/**
 * Another tab, program or device on the board. Its fields are what it sent: of another version of
 * the application they may be others than these.
 */
export type Other<Fields extends PresenceFields = PresenceFields> = Readonly<Partial<Fields>> & {
  readonly clientId: number;
  readonly user: PresenceUser;
  /** Nothing was done there for a while, or its page is hidden. */
  readonly idle: boolean;
};

/** Somebody on the board, with all tabs they have open. */
export interface PresentUser<Fields extends PresenceFields = PresenceFields> {
  readonly user: PresenceUser;
  readonly tabs: readonly Other<Fields>[];
  /** In all tabs. */
  readonly idle: boolean;
}

/** Who else is there. What has not changed stays the same object, the arrays included. */
export class Others<Fields extends PresenceFields> {
  readonly #byClient = new Map<number, Other<Fields>>();
  #all: readonly Other<Fields>[] = [];
  #users: readonly PresentUser<Fields>[] = [];
  #usersOf: readonly Other<Fields>[] = this.#all;

  /** By client id, which is the same order for everybody. */
  get all(): readonly Other<Fields>[] {
    return this.#all;
  }

  get users(): readonly PresentUser<Fields>[] {
    if (this.#usersOf === this.#all) return this.#users;
    this.#usersOf = this.#all;
    this.#users = keepSame(this.#users, groupByUser(this.#all, this.#users));
    return this.#users;
  }

  set(clientId: number, state: Readonly<Record<string, unknown>>): void {
    const { idle, user } = state;
    const next = { ...state, clientId, idle: idle === true, user: userOf(user, clientId) };
    // What others sent is not checked, and said to be so.
    const other = share(this.#byClient.get(clientId), next) as unknown as Other<Fields>;
    this.#byClient.set(clientId, other);
  }

  delete(clientId: number): void {
    this.#byClient.delete(clientId);
  }

  clear(): void {
    this.#byClient.clear();
  }

  /** To be called after changes; whether there were any. */
  refresh(): boolean {
    const before = this.#all;
    const all = [...this.#byClient.values()].sort((a, b) => a.clientId - b.clientId);
    this.#all = keepSame(before, all);
    return this.#all !== before;
  }
}

function groupByUser<Fields extends PresenceFields>(
  others: readonly Other<Fields>[],
  before: readonly PresentUser<Fields>[],
): PresentUser<Fields>[] {
  const groups = Map.groupBy(others, ({ user }) => user.id);
  const known = new Map(before.map((group) => [group.user.id, group]));
  return [...groups].map(([id, grouped]) => {
    const old = known.get(id);
    const tabs = keepSame(old?.tabs ?? [], grouped);
    if (old?.tabs === tabs) return old;
    const user = share(old?.user, grouped[0]?.user ?? { id });
    return Object.freeze({ user, tabs, idle: tabs.every(({ idle }) => idle) });
  });
}

/** Others may claim anything, and pages show names: what is no string is left out. */
function userOf(claimed: unknown, clientId: number): PresenceUser {
  const { id, name, color, ...claims } = (isPlainObject(claimed) ? claimed : {}) as Record<
    string,
    Json
  >;
  return {
    ...claims,
    id: typeof id === 'string' ? id : String(clientId),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof color === 'string' ? { color } : {}),
  };
}

function keepSame<T>(before: readonly T[], now: readonly T[]): readonly T[] {
  const same = before.length === now.length && now.every((item, index) => item === before[index]);
  return same ? before : Object.freeze(now);
}
