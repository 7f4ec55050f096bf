import type { Awareness } from 'y-protocols/awareness';
import { UNIT_PX } from './geometry.ts';
import { onceAFrame } from './once-a-frame.ts';
import { othersOf, type Presence } from './people.ts';

const ARROW = `<svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
  <path d="M1.5 1.5 14 6.4 8.3 8.3 6.4 14z" />
</svg>`;

/** Shows where the others point at, and tells them where we do. */
export function showCursors(surface: HTMLElement, awareness: Awareness): void {
  const cursors = new Map<number, HTMLElement>();

  awareness.on('change', () => {
    const others = othersOf(awareness);
    for (const [client, element] of cursors) {
      if (others.get(client)?.cursor) continue;
      element.remove();
      cursors.delete(client);
    }
    for (const [client, presence] of others) {
      if (!presence.cursor) continue;
      const element = cursors.get(client) ?? createCursor(presence);
      if (!cursors.has(client)) surface.append(element);
      cursors.set(client, element);
      const { x, y } = presence.cursor;
      element.style.transform = `translate(${x * UNIT_PX}px, ${y * UNIT_PX}px)`;
    }
  });

  tellPointer(surface, (cursor) => awareness.setLocalStateField('cursor', cursor));
}

function createCursor({ user }: Presence): HTMLElement {
  const element = document.createElement('div');
  element.className = 'cursor';
  element.style.setProperty('--person', user.color);
  element.innerHTML = ARROW;
  const name = document.createElement('span');
  name.textContent = user.name;
  element.append(name);
  return element;
}

/** At most once a frame. */
function tellPointer(
  surface: HTMLElement,
  tell: (point: { x: number; y: number } | null) => void,
): void {
  let newest: { x: number; y: number } | null = null;
  const tellNewest = onceAFrame(() => tell(newest));
  const schedule = (point: typeof newest) => {
    newest = point;
    tellNewest();
  };
  surface.addEventListener('pointermove', (event) => {
    const { left, top } = surface.getBoundingClientRect();
    schedule({
      x: rounded((event.clientX - left) / UNIT_PX),
      y: rounded((event.clientY - top) / UNIT_PX),
    });
  });
  surface.addEventListener('pointerleave', () => schedule(null));
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
