import { type Client, createClient } from '@tessera/client';
import { indexedDbStore } from '@tessera/client/offline';
import { guestName } from '../route.ts';
import { Network } from './network.ts';
import { DevelopmentToken, NoTokensError, type Person } from './token.ts';

/** Which of the two people in this window: the user, or the second one beside them. */
export type Seat = 'you' | 'beside';

/** One person's client for one board, and the network it goes through. */
export interface Session {
  readonly board: string;
  readonly client: Client;
  readonly network: Network;
  /** Undefined until the node has said who the guest is. */
  readonly me: Person | undefined;
  /** The node gives no tokens at all, so waiting is of no use. */
  readonly hasNoTokens: boolean;
  /** To be called once the node has accepted the token. */
  accepted(): void;
  /** Calls the listener when `me` or `hasNoTokens` change. */
  readonly subscribe: (listener: () => void) => () => void;
}

// Edits of the two are kept apart, as those of two users of one browser.
const stores = {
  you: indexedDbStore({ name: 'dashboard' }),
  beside: indexedDbStore({ name: 'dashboard-beside' }),
};

const sessions = new Map<string, Session>();

/** The session of this seat on the board; the same one while it is open. */
export function openSession(board: string, seat: Seat): Session {
  const key = `${seat}:${board}`;
  const session = sessions.get(key) ?? createSession(board, seat);
  sessions.set(key, session);
  return session;
}

const holders = new Map<Session, number>();
/** So that what is shown again at once is not opened again. */
const CLOSE_AFTER_MS = 2_000;

/** Keeps the session until the function it returns is called, and for a moment after that. */
export function holdSession(session: Session): () => void {
  const count = (by: number) => {
    const now = (holders.get(session) ?? 0) + by;
    holders.set(session, now);
    return now;
  };
  count(1);
  return () => {
    if (count(-1) > 0) return;
    setTimeout(() => {
      if (holders.get(session) !== 0) return;
      holders.delete(session);
      for (const [key, open] of sessions) if (open === session) sessions.delete(key);
      // What is not saved is in the local copy.
      void session.client.close();
    }, CLOSE_AFTER_MS);
  };
}

/** Forgets the session: the next one begins with a new connection. */
export async function closeSession(board: string, seat: Seat): Promise<void> {
  const key = `${seat}:${board}`;
  const session = sessions.get(key);
  sessions.delete(key);
  await session?.client.close();
}

function createSession(board: string, seat: Seat): Session {
  const token = new DevelopmentToken(board, seat, seat === 'you' ? guestName() : undefined);
  const listeners = new Set<() => void>();
  let hasNoTokens = false;
  const tell = () => {
    for (const listener of [...listeners]) listener();
  };
  // A development token is for one board, so each board has a client. With tokens of your backend,
  // one client serves all of them over one socket.
  const client = createClient({
    url: new URL('/sync', location.href).href.replace(/^http/, 'ws'),
    token: async () => {
      try {
        const value = await token.get();
        hasNoTokens = false;
        return value;
      } catch (error) {
        hasNoTokens = error instanceof NoTokensError;
        throw error;
      } finally {
        tell();
      }
    },
    store: stores[seat],
  });
  let me = token.person;
  return {
    board,
    client,
    network: new Network(client),
    get me() {
      const now = token.person;
      if (now?.id !== me?.id) me = now;
      return me;
    },
    get hasNoTokens() {
      return hasNoTokens;
    },
    accepted: () => token.accepted(),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
