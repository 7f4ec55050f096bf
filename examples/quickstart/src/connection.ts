import { HocuspocusProvider } from '@hocuspocus/provider';
import { parseServerMessage } from '@tessera/model';
import type { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { type SaveState, type Signals, saveStateOf } from './save-state.ts';
import { UnqueuedSocket } from './unqueued-socket.ts';

export interface Person {
  id: string;
  name: string;
  color: string;
}

export interface Connection {
  readonly doc: Y.Doc;
  readonly awareness: Awareness;
  readonly me: Person;
  /** Resolves when the board as the server has it is in `doc` for the first time. */
  readonly synced: Promise<void>;
}

/**
 * Opens the board as a random guest of this node, and goes on trying.
 * Throws if the node hands out no development tokens.
 */
export async function connect(
  board: string,
  onSaveState: (state: SaveState) => void,
): Promise<Connection> {
  const guest = await fetchGuest(board);
  const doc = new Y.Doc();
  const signals: Signals = {
    connected: false,
    synced: false,
    unanswered: 0,
    durable: true,
    refusal: undefined,
  };
  const tell = (change: Partial<Signals>) => {
    Object.assign(signals, change);
    onSaveState(saveStateOf(signals));
  };
  const synced = Promise.withResolvers<void>();
  const socket = new UnqueuedSocket({ url: syncAddress() });
  const provider = new HocuspocusProvider({
    websocketProvider: socket,
    name: board,
    document: doc,
    token: guest.token,
    onStatus: ({ status }) => tell({ connected: status === 'connected', synced: false }),
    onSynced: () => {
      tell({ synced: true });
      synced.resolve();
    },
    onUnsyncedChanges: ({ number }) => tell({ unanswered: number }),
    onAuthenticated: () => tell({ refusal: undefined }),
    onAuthenticationFailed: ({ reason }) => tell({ refusal: reason }),
    onStateless: ({ payload }) => {
      const message = parseServerMessage(payload);
      if (message?.type === 'durability') tell({ durable: message.state === 'ok' });
    },
  });
  provider.attach();
  if (provider.awareness === null) throw new Error('the provider was made without awareness');
  const me = { id: guest.actor, ...claimsOf(guest.token) };
  // The server puts the identity of the token in its place; this is what we see of ourselves.
  provider.setAwarenessField('user', me);
  return { doc, awareness: provider.awareness, me, synced: synced.promise };
}

interface Guest {
  token: string;
  actor: string;
}

async function fetchGuest(board: string): Promise<Guest> {
  const response = await fetch(`/dev/token?${new URLSearchParams({ board })}`);
  if (!response.ok) throw new Error('This node hands out no development tokens');
  return (await response.json()) as Guest;
}

function syncAddress(): string {
  const address = new URL('/sync', location.href);
  address.protocol = address.protocol.replace('http', 'ws');
  return address.href;
}

/** Name and colour as the token has them. Nothing is verified here: that is for the server to do. */
function claimsOf(token: string): { name: string; color: string } {
  const [, payload = ''] = token.split('.');
  const bytes = Uint8Array.from(
    atob(payload.replaceAll('-', '+').replaceAll('_', '/')),
    (character) => character.charCodeAt(0),
  );
  const { name, color } = JSON.parse(new TextDecoder().decode(bytes));
  return { name, color };
}
