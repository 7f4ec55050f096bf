import { useBoard } from '@tessera/client/react';
import { useSyncExternalStore } from 'react';

/** Whether the token allows to edit the board: its widgets, or this one. */
export function useCanEdit(widget?: string): boolean {
  const board = useBoard();
  return useSyncExternalStore(
    (listener) => board.subscribe(listener),
    () => board.canEdit(widget) && board.status.stopped === undefined,
  );
}
