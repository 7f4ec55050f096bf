import { useCallback, useMemo } from 'react';
import type { Board, BoardStatus } from '../src/board.ts';
import type { BoardConflict } from '../src/conflicts.ts';
import type { History, HistoryState } from '../src/history.ts';
import { useBoard } from './providers.ts';
import { unopenedStatus } from './unopened-board.ts';
import { type Facet, type IsEqual, useFacet, useSelection } from './use-facet.ts';

const subscribe = (board: Board, listener: () => void) => board.subscribe(listener);

const status: Facet<Board, BoardStatus> = {
  subscribe,
  read: (board) => board.status,
  onServer: unopenedStatus,
};
const title: Facet<Board, string> = { subscribe, read: (board) => board.title, onServer: '' };
const noConflicts: readonly BoardConflict[] = [];
const conflicts: Facet<Board, readonly BoardConflict[]> = {
  subscribe,
  read: (board) => board.conflicts,
  onServer: noConflicts,
};
const steps: Facet<History, HistoryState> = {
  subscribe: (history, listener) => history.subscribe(listener),
  read: (history) => history.state,
  onServer: { canUndo: false, canRedo: false, undoLabel: undefined, redoLabel: undefined },
};
const whole = (board: BoardStatus) => board;

/**
 * Where the edits made here are, or what a selector makes of it:
 * `useStatus((status) => status.unsaved > 0)`.
 */
export function useStatus(): BoardStatus;
export function useStatus<S>(select: (status: BoardStatus) => S, isEqual?: IsEqual<S>): S;
export function useStatus(
  select: (status: BoardStatus) => unknown = whole,
  isEqual?: IsEqual<unknown>,
): unknown {
  return useSelection(useBoard(), status, select, isEqual);
}

/** The title of the board and how to change it, as with `useState`. */
export function useTitle(): readonly [title: string, setTitle: (title: string) => void] {
  const board = useBoard();
  const setTitle = useCallback(
    (title: string) => {
      board.title = title;
    },
    [board],
  );
  return [useFacet(board, title), setTitle];
}

/** Edits that were set aside because the board was reset on the server: to make again or to discard. */
export function useConflicts(): readonly BoardConflict[] {
  return useFacet(useBoard(), conflicts);
}

/** For an undo button and its shortcut. The functions stay the same ones; they need no `this`. */
export interface Undo extends HistoryState {
  /** Takes back the newest step. False if there was none. */
  readonly undo: () => boolean;
  /** Does the step undone last again. False if there was none. */
  readonly redo: () => boolean;
}

/** What can be undone and redone, and how. For gestures and labels see `useBoard().history`. */
export function useUndo(): Undo {
  const { history } = useBoard();
  const state = useFacet(history, steps);
  const actions = useMemo(
    () => ({ undo: () => history.undo(), redo: () => history.redo() }),
    [history],
  );
  return useMemo(() => ({ ...state, ...actions }), [state, actions]);
}
