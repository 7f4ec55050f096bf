import type { Board, Geom } from '@tessera/client';
import { COLUMNS, within } from './layout.ts';

/** The first place, row by row, where something of this size fits between the others. */
export function freePlace(board: Board, size: { w: number; h: number }): Geom {
  const places = board.widgets.list().flatMap(({ id }) => board.widgets.get(id)?.geom ?? []);
  const bottom = Math.max(0, ...places.map(({ y, h }) => y + h));
  for (let y = 0; y <= bottom; y += 1) {
    for (let x = 0; x + size.w <= COLUMNS; x += 1) {
      const place = { x, y, ...size };
      if (!places.some((other) => overlaps(place, other))) return place;
    }
  }
  return { x: 0, y: bottom, ...size };
}

function overlaps(a: Geom, b: Geom): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

const arrows: Readonly<Record<string, { x: number; y: number }>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Where an arrow key takes a widget; with shift it resizes. Undefined for other keys. */
export function geomAfterKey(
  { x, y, w, h }: { x: number; y: number; w: number; h: number },
  { key, shiftKey }: { key: string; shiftKey: boolean },
): Geom | undefined {
  const by = arrows[key];
  if (by === undefined) return undefined;
  if (shiftKey) {
    return { x, y, w: within(2, w + by.x, COLUMNS - x), h: within(1, h + by.y, 100) };
  }
  return { x: within(0, x + by.x, COLUMNS - w), y: Math.max(0, y + by.y), w, h };
}
