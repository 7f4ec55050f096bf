import { expect, test } from 'vitest';
import type { BoardPoint } from './presence-cursor.ts';
import { toBoardPoint, toClientPoint, trackCursor } from './presence-cursor.ts';

/** An element of a page, as far as cursors look at it: 100, 50 in the window, with a border of 2. */
class ShownElement extends EventTarget {
  readonly clientLeft = 2;
  readonly clientTop = 2;
  scrollLeft = 0;
  scrollTop = 0;

  getBoundingClientRect(): DOMRect {
    const size = { width: 800, height: 600, right: 900, bottom: 650 };
    return { x: 100, y: 50, left: 100, top: 50, ...size, toJSON: () => size };
  }

  point(type: string, clientX: number, clientY: number): void {
    this.dispatchEvent(Object.assign(new Event(type), { clientX, clientY }));
  }
}

test('a pointer is somewhere on the board, whatever its scroll and zoom', () => {
  const element = new ShownElement();
  const event = { clientX: 152, clientY: 102 };
  expect(toBoardPoint(event, element)).toEqual({ x: 50, y: 50 });
  element.scrollLeft = 250;
  expect(toBoardPoint(event, element)).toEqual({ x: 300, y: 50 });
  expect(toBoardPoint(event, element, { zoom: 2 })).toEqual({ x: 150, y: 25 });
  const view = { scroll: { x: -50, y: 25 }, zoom: { x: 80, y: 30 } };
  const point = toBoardPoint(event, element, view);
  expect(point).toEqual({ x: 0, y: 2.5 });
  expect(toClientPoint(point, element, view)).toEqual({ x: 152, y: 102 });
  expect(toBoardPoint(event, element, { zoom: 3 })).toEqual({ x: 100, y: 16.67 });
});

test('a tracked cursor is where the pointer is, and null where it is not', () => {
  const element = new ShownElement();
  const cursors: (BoardPoint | null | undefined)[] = [];
  let zoom = 1;
  const presence = {
    set({ cursor }: { cursor?: BoardPoint | null | undefined }) {
      cursors.push(cursor);
    },
  };
  const stop = trackCursor(presence, element, () => ({ zoom }));
  element.point('pointermove', 112, 62);
  zoom = 2;
  element.point('pointermove', 112, 62);
  element.point('pointerleave', 0, 0);
  stop();
  element.point('pointermove', 112, 62);
  expect(cursors).toEqual([{ x: 10, y: 10 }, { x: 5, y: 5 }, null, null]);
});
