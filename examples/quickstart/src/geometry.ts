import type { Geom } from '@tessera/model';

/** One unit of the board's grid on the screen. */
export const UNIT_PX = 24;

/** The nearest place on the grid that is on the board. */
export function snapped(geom: Geom): Geom {
  return { ...geom, x: Math.max(0, Math.round(geom.x)), y: Math.max(0, Math.round(geom.y)) };
}

/** The first free place of the given size, row by row, in a board that is `columns` wide. */
export function freePlace(taken: readonly Geom[], w: number, h: number, columns: number): Geom {
  for (let y = 1; ; y += 1) {
    for (let x = 1; x === 1 || x + w < columns; x += 1) {
      const place = { x, y, w, h };
      if (!taken.some((other) => overlap(place, other))) return place;
    }
  }
}

function overlap(one: Geom, other: Geom): boolean {
  return (
    one.x <= other.x + other.w &&
    other.x <= one.x + one.w &&
    one.y <= other.y + other.h &&
    other.y <= one.y + one.h
  );
}
