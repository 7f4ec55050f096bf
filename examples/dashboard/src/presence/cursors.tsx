import { type BoardPoint, type Other, trackCursor } from '@tessera/client';
import { useBoard } from '@tessera/client/react';
import { type RefObject, useEffect, useRef } from 'react';
import type { Fields } from './fields.ts';

interface CursorsProps {
  /** Where the pointer is followed. */
  readonly area: RefObject<HTMLElement | null>;
  /** The size of a column and a row, in CSS pixels. */
  readonly cell: BoardPoint;
}

/** The cursors of the others. Drawn past React: they move with every frame, and nothing else does. */
export function Cursors({ area, cell }: CursorsProps) {
  const board = useBoard<Fields>();
  const layer = useRef<HTMLDivElement>(null);
  const { x, y } = cell;
  useEffect(() => {
    const element = area.current;
    const parent = layer.current;
    if (element === null || parent === null) return;
    const stopTracking = trackCursor(board.presence, element, () => ({
      zoom: { x, y },
      // The page scrolls, not the element.
      scroll: { x: 0, y: 0 },
    }));
    const shown = new Map<number, Cursor>();
    const show = (others: readonly Other<Fields>[]) => {
      const present = new Set<number>();
      for (const { clientId, cursor, user } of others) {
        if (!cursor) continue;
        present.add(clientId);
        const drawn = shown.get(clientId) ?? new Cursor(parent);
        shown.set(clientId, drawn);
        drawn.show(cursor.x * x, cursor.y * y, user.name ?? user.id, user.color);
      }
      for (const [clientId, drawn] of shown) {
        if (present.has(clientId)) continue;
        drawn.remove();
        shown.delete(clientId);
      }
    };
    show(board.presence.others);
    const stop = board.presence.subscribe(({ others }) => others, show);
    return () => {
      stop();
      stopTracking();
      parent.replaceChildren();
    };
  }, [board, area, x, y]);
  return <div className="cursors" ref={layer} aria-hidden="true" />;
}

const svg = 'http://www.w3.org/2000/svg';

class Cursor {
  readonly #element = document.createElement('div');
  readonly #name = document.createElement('span');

  constructor(parent: Element) {
    this.#element.className = 'cursor';
    const arrow = document.createElementNS(svg, 'svg');
    arrow.setAttribute('viewBox', '0 0 16 16');
    const path = document.createElementNS(svg, 'path');
    path.setAttribute('d', 'M1.5 1.5 6 14l2.2-5.8L14 6z');
    arrow.append(path);
    this.#element.append(arrow, this.#name);
    parent.append(this.#element);
  }

  show(x: number, y: number, name: string, color = '#4f5bd5'): void {
    const { style } = this.#element;
    style.transform = `translate(${x}px, ${y}px)`;
    style.setProperty('--person', color);
    if (this.#name.textContent !== name) this.#name.textContent = name;
  }

  remove(): void {
    this.#element.remove();
  }
}
