import { type Client, createClient } from '@tessera/client';
import { indexedDbStore } from '@tessera/client/offline';
import { AwayLog } from './away.ts';
import { Identity, type Person } from './identity.ts';
import { isFirstVisit } from './visits.ts';

const asked = new URL(location.href).searchParams;

/** One of the frames of `phones.html`: it has a flight mode, and a copy of its own. */
export const phone = asked.get('phone') ?? undefined;
export const boardId = asked.get('board') ?? 'demo/field-notes';

/** Somebody who writes here, and their connection. */
export interface Session {
  readonly me: Person;
  readonly client: Client;
  readonly log: AwayLog;
}

/**
 * Opens the board. Asks the server who writes here only if this device has never heard of anybody;
 * throws when there is no answer, or no token.
 */
export async function openSession(): Promise<Session> {
  const device = phone ?? 'this-device';
  const identity = new Identity(boardId, device, phone ?? asked.get('name') ?? undefined);
  if (identity.person === undefined) await identity.token();
  const { person: me } = identity;
  if (me === undefined) throw new Error('there is a token and nobody in it');
  const url = new URL('/sync', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const client = createClient({
    url: url.href,
    token: identity.token,
    // One a device and user: what is in it is shown to whoever opens the page next.
    store: indexedDbStore({ name: `field-notes:${device}` }),
  });
  const board = client.board(boardId);
  const log = new AwayLog(board, me.id, () => isFirstVisit(device, boardId));
  // Here and not in a component: what comes from the server may be there before the first render.
  void board.loaded().then(() => log.follow());
  return { me, client, log };
}
