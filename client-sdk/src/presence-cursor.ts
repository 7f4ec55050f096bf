import type { Presence } from './presence.ts';

/** A place on the board, in the units of its widgets' `geom`. */
export type BoardPoint = { readonly x: number; readonly y: number };

/** What to give a board's presence for cursors: `type Fields = CursorFields & { … }`. */
export type CursorFields = { readonly cursor: BoardPoint | null };

/** How an element shows the board. */
export interface BoardView {
  /** How far it is scrolled, in CSS pixels. Default: the element's own scroll position. */
  readonly scroll?: BoardPoint;
  /** CSS pixels per unit of the board, also apart for x and y as in a grid of cells. Default 1. */
  readonly zoom?: number | BoardPoint;
}

type Shown = Pick<
  Element,
  'getBoundingClientRect' | 'clientLeft' | 'clientTop' | 'scrollLeft' | 'scrollTop'
>;

/** Where on the board a pointer event in this element is, to a hundredth of a unit. */
export function toBoardPoint(
  event: { readonly clientX: number; readonly clientY: number },
  element: Shown,
  view: BoardView = {},
): BoardPoint {
  const { origin, zoom } = placeOf(element, view);
  return {
    x: roundToHundredth((event.clientX - origin.x) / zoom.x),
    y: roundToHundredth((event.clientY - origin.y) / zoom.y),
  };
}

/** Where in the window a place of the board is shown: the way back from `toBoardPoint`. */
export function toClientPoint(point: BoardPoint, element: Shown, view: BoardView = {}): BoardPoint {
  const { origin, zoom } = placeOf(element, view);
  return { x: origin.x + point.x * zoom.x, y: origin.y + point.y * zoom.y };
}

/**
 * Shows the others where the pointer is over this element, and null where it is not. `view` is
 * asked at each move. Returns the way to stop.
 */
export function trackCursor(
  presence: Pick<Presence<CursorFields>, 'set'>,
  element: Shown & EventTarget,
  view: () => BoardView = () => ({}),
): () => void {
  const moved = (event: Event) => {
    if (!('clientX' in event)) return;
    presence.set({ cursor: toBoardPoint(event as PointerEvent, element, view()) });
  };
  const left = () => presence.set({ cursor: null });
  element.addEventListener('pointermove', moved, { passive: true });
  element.addEventListener('pointerleave', left);
  return () => {
    element.removeEventListener('pointermove', moved);
    element.removeEventListener('pointerleave', left);
    left();
  };
}

/** Where in the window the place 0, 0 of the board is. */
function placeOf(element: Shown, view: BoardView): { origin: BoardPoint; zoom: BoardPoint } {
  const { left, top } = element.getBoundingClientRect();
  const scroll = view.scroll ?? { x: element.scrollLeft, y: element.scrollTop };
  const zoom = typeof view.zoom === 'object' ? view.zoom : { x: view.zoom ?? 1, y: view.zoom ?? 1 };
  const origin = {
    x: left + element.clientLeft - scroll.x,
    y: top + element.clientTop - scroll.y,
  };
  return { origin, zoom };
}

function roundToHundredth(value: number): number {
  return Math.round(value * 100) / 100;
}
