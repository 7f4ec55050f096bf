import { useBoard } from '@tessera/client/react';
import { useMemo } from 'react';
import type { Layout, LayoutItem } from 'react-grid-layout';
import { compacted, writePlaces } from './move.ts';
import { useSelection } from './selection.tsx';

/** Twenty times a second is smooth enough for those who watch, and all that the log has to keep. */
const WRITE_EVERY_MS = 50;

type Callback = (layout: Layout, before: LayoutItem | null, item: LayoutItem | null) => void;

/** What the grid calls while a widget is dragged or resized: others see it on its way, undo takes back all of it. */
export function useGesture(
  label: 'move' | 'resize',
): Record<'start' | 'change' | 'stop', Callback> {
  const board = useBoard();
  const { selected } = useSelection();
  return useMemo(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let latest: Layout = [];
    let cell = '';
    const write = () => {
      timer = undefined;
      if (board.canEdit()) writePlaces(board, compacted(latest));
    };
    return {
      start: (_layout, _before, item) => {
        board.history.begin(label);
        cell = cellOf(item);
        selected.set(item?.i, true);
      },
      change: (layout, _before, item) => {
        if (cellOf(item) === cell) return;
        cell = cellOf(item);
        // The grid goes on changing these.
        latest = layout.map((other) => ({ ...other }));
        timer ??= setTimeout(write, WRITE_EVERY_MS);
      },
      stop: (layout, _before, item) => {
        clearTimeout(timer);
        latest = layout;
        write();
        board.history.end();
        selected.set(item?.i);
      },
    };
  }, [board, selected, label]);
}

function cellOf(item: LayoutItem | null): string {
  return item === null ? '' : `${item.x} ${item.y} ${item.w} ${item.h}`;
}
