import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useCallback,
  useContext,
  useMemo,
  useSyncExternalStore,
} from 'react';
import type { Board } from '../src/board.ts';
import type { Client } from '../src/client.ts';
import type { PresenceFields, PresenceOptions } from '../src/presence.ts';
import { holdBoard, openBoard } from './board-lease.ts';
import { UnopenedBoard } from './unopened-board.ts';

const ClientContext = createContext<Client | undefined>(undefined);
const BoardContext = createContext<Board | undefined>(undefined);

/** The props of `TesseraProvider`. */
export interface TesseraProviderProps {
  /** Made once, outside of components, and closed by whoever made it. */
  readonly client: Client;
  readonly children?: ReactNode;
}

/**
 * Gives the client to the components in it.
 *
 * @param props the client, and what is to have it
 */
export function TesseraProvider({ client, children }: TesseraProviderProps): ReactElement {
  return createElement(ClientContext.Provider, { value: client }, children);
}

/** The props of `BoardProvider`. */
export interface BoardProviderProps {
  /** The board to show. May change; give it as the `key` as well if state of components is of one board. */
  readonly id: string;
  /**
   * How long the board stays open after the last provider of it was unmounted, so that going back
   * and forth does not load it again. Default 1,000.
   */
  readonly keepOpenMs?: number;
  /** What the tab shows of itself from the start. Counts when the board is opened, not later. */
  readonly presence?: PresenceOptions;
  readonly children?: ReactNode;
}

/**
 * Opens a board for the components in it, and closes it some time after it was unmounted. Providers
 * of the same board share it. On a server it opens nothing: the board is empty there.
 *
 * @param props which board, and what is to have it
 * @throws TesseraError `malformed` if the id is no board id
 */
export function BoardProvider({
  id,
  keepOpenMs = 1000,
  presence,
  children,
}: BoardProviderProps): ReactElement {
  const client = useClient();
  const options = presence && { presence };
  const hold = useCallback(() => holdBoard(client, id, keepOpenMs), [client, id, keepOpenMs]);
  const unopened = useMemo(() => new UnopenedBoard(id), [id]);
  // React knows best where nothing may be opened: there it asks for the server's snapshot.
  const board = useSyncExternalStore(
    hold,
    () => openBoard(client, id, options),
    () => unopened,
  );
  return createElement(BoardContext.Provider, { value: board }, children);
}

/** The client. @throws an Error outside of a `TesseraProvider` */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === undefined) {
    throw new Error('there is no client here: put <TesseraProvider client={…}> around this');
  }
  return client;
}

/**
 * The board, for editing it and for what there is no hook for. Does not render again when something
 * of it changes: that is what the other hooks do.
 * @throws an Error outside of a `BoardProvider`
 */
export function useBoard<Fields extends PresenceFields = PresenceFields>(): Board<Fields> {
  const board = useContext(BoardContext);
  if (board === undefined) {
    throw new Error('there is no board here: put <BoardProvider id="…"> around this');
  }
  // Which fields the presence of an application has, only the application knows.
  return board as unknown as Board<Fields>;
}
