import type { Board } from '@tessera/client';
import { type Layout, moveElement, verticalCompactor } from 'react-grid-layout';
import { COLUMNS, changedPlaces } from './layout.ts';
import { geomAfterKey } from './place.ts';

/** Writes where everything is now, as one edit. */
export function writePlaces(board: Board, layout: Layout): void {
  const changed = changedPlaces(board, layout);
  if (changed.length === 0) return;
  board.widgets.batch(() => {
    for (const { id, geom } of changed) board.widgets.move(id, geom);
  });
}

/** The layout as it is drawn: nothing floats and nothing overlaps. */
export function compacted(layout: Layout): Layout {
  return verticalCompactor.compact(layout, COLUMNS);
}

/** A step beyond this many rows is a step to the end. */
const FURTHEST = 40;

/** Moves or resizes a widget by an arrow key. False if the key is none. */
export function moveByKey(
  board: Board,
  layout: Layout,
  id: string,
  key: { key: string; shiftKey: boolean },
): boolean {
  const drawn = compacted(layout);
  const item = drawn.find(({ i }) => i === id);
  const geom = item && geomAfterKey(item, key);
  if (item === undefined || geom === undefined) return false;
  const label = key.shiftKey ? 'resize' : 'move';
  board.history.batch(() => writePlaces(board, movedTo(drawn, id, geom)), label);
  return true;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** The layout after a move. Widgets fall upwards, so a step up or down goes on until one is passed. */
function movedTo(drawn: Layout, id: string, to: Place): Layout {
  const from = drawn.find(({ i }) => i === id);
  if (from === undefined) return drawn;
  const direction = Math.sign(to.y - from.y);
  for (let step = 0; step <= FURTHEST; step += 1) {
    const y = to.y + step * direction;
    if (y < 0) return drawn;
    const copy = drawn.map((item) => ({ ...item }));
    const item = copy.find(({ i }) => i === id);
    if (item === undefined) return drawn;
    Object.assign(item, { w: to.w, h: to.h });
    const moved = moveElement(copy, item, to.x, y, true, false, 'vertical', COLUMNS, false);
    const next = compacted(moved);
    const now = next.find(({ i }) => i === id);
    if (direction === 0 || (now !== undefined && now.y !== from.y)) return next;
  }
  return drawn;
}
