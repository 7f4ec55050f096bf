import type { Board } from '../src/board.ts';
import type { PresenceFields } from '../src/presence.ts';
import { useBoard } from './providers.ts';
import { UnopenedBoard } from './unopened-board.ts';

interface Wait {
  readonly over: Promise<void>;
  isOver: boolean;
}

/**
 * As `useBoard`, and suspends until the local copy has been read: from then on everything that was
 * ever shown in this browser is shown, with or without a network. Does not suspend on a server.
 */
export function useBoardLoaded<Fields extends PresenceFields = PresenceFields>(): Board<Fields> {
  return useWait<Fields>(loads, (board) => board.loaded());
}

/**
 * As `useBoard`, and suspends until the board is what the server has, or until it is clear that this
 * has to wait: there is no connection, or the server refused. Does not suspend on a server.
 */
export function useBoardSynced<Fields extends PresenceFields = PresenceFields>(): Board<Fields> {
  return useWait<Fields>(syncs, async (board) => {
    await board.loaded();
    await new Promise<void>((resolve) => {
      const look = () => {
        if (['connecting', 'syncing'].includes(board.status.state)) return;
        stop();
        resolve();
      };
      const stop = board.subscribe(look);
      look();
    });
  });
}

// Kept by board: a component that suspends when it is mounted keeps nothing.
const loads = new WeakMap<Board, Wait>();
const syncs = new WeakMap<Board, Wait>();

function useWait<Fields extends PresenceFields>(
  waits: WeakMap<Board, Wait>,
  begin: (board: Board) => Promise<void>,
): Board<Fields> {
  const board = useBoard();
  if (!(board instanceof UnopenedBoard)) {
    const wait = waits.get(board) ?? waitFor(begin(board));
    waits.set(board, wait);
    // Thrown instead of `use()`, which React 18 has not got.
    if (!wait.isOver) throw wait.over;
  }
  return board as unknown as Board<Fields>;
}

function waitFor(promise: Promise<void>): Wait {
  const end = () => {
    wait.isOver = true;
  };
  // What kept it from loading is in the status of the board.
  const wait: Wait = { over: promise.then(end, end), isOver: false };
  return wait;
}
