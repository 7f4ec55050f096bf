import type { Board } from '@tessera/client';
import type { WidgetKind } from '../widgets/kind.ts';
import { freePlace } from './place.ts';

/** Puts a new widget where there is room for it. Returns its id. */
export function addWidget(board: Board, kind: WidgetKind): string {
  const id = crypto.randomUUID();
  const geom = freePlace(board, kind.size);
  board.history.batch(
    () => kind.create(board.widgets, { id, geom }),
    `add ${kind.label.toLowerCase()}`,
  );
  // It may be below what is seen.
  requestAnimationFrame(() => {
    const element = document.querySelector(`[data-widget="${id}"]`);
    element?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  });
  return id;
}
