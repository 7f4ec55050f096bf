import type { Board } from '../src/board.ts';
import type { BoardOptions, Client } from '../src/client.ts';

interface Lease {
  readonly board: Board;
  holders: number;
  expiry: ReturnType<typeof setTimeout> | undefined;
}

/** How long a board waits for its component to be mounted: React may give a rendering up, and says nothing then. */
const untilMountedMs = 60_000;

const leases = new WeakMap<Client, Map<string, Lease>>();

/**
 * The board of this id, opened if it is not. May be called while rendering. It is closed again
 * unless somebody holds it before long.
 */
export function openBoard(client: Client, id: string, options?: BoardOptions): Board {
  const lease = leaseOf(client, id, options);
  if (lease.holders === 0) expire(client, lease, untilMountedMs);
  return lease.board;
}

/** Keeps the board open until the function it returns is called, and for `keepOpenMs` after that. */
export function holdBoard(client: Client, id: string, keepOpenMs: number): () => void {
  const lease = leaseOf(client, id);
  lease.holders += 1;
  clearTimeout(lease.expiry);
  return () => {
    lease.holders -= 1;
    if (lease.holders === 0) expire(client, lease, keepOpenMs);
  };
}

function leaseOf(client: Client, id: string, options?: BoardOptions): Lease {
  const ofClient = leases.get(client) ?? new Map<string, Lease>();
  leases.set(client, ofClient);
  const known = ofClient.get(id);
  // One that the program closed itself stays closed for those who show it.
  if (known !== undefined && (known.holders > 0 || known.board.status.stopped?.code !== 'closed')) {
    return known;
  }
  clearTimeout(known?.expiry);
  const lease = { board: client.board(id, options), holders: 0, expiry: undefined };
  ofClient.set(id, lease);
  return lease;
}

function expire(client: Client, lease: Lease, afterMs: number): void {
  clearTimeout(lease.expiry);
  lease.expiry = setTimeout(() => {
    const ofClient = leases.get(client);
    if (ofClient?.get(lease.board.id) === lease) ofClient.delete(lease.board.id);
    lease.board.close();
  }, afterMs);
}
