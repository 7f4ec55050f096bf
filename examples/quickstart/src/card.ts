import { type Geom, removeWidget, setGeom, type Widget, widgetsOf } from '@tessera/model';
import type * as Y from 'yjs';
import type { Person } from './connection.ts';
import { contents, create } from './contents.ts';
import { snapped, UNIT_PX } from './geometry.ts';

/** A widget on the board: what everybody sees the same of it. */
export interface Card {
  readonly element: HTMLElement;
  update(widget: Widget): void;
  /** Shows that somebody else drags it. */
  setHolder(holder: Person | undefined): void;
  destroy(): void;
}

/** Twenty times a second is smooth enough to watch, and all that the log has to keep. */
const DRAG_WRITE_MS = 50;

const ARROWS: Record<string, { x: number; y: number }> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

const nowhere: Geom = { x: 1, y: 1, w: 12, h: 6 };

export function createCard(
  doc: Y.Doc,
  widget: Widget,
  me: Person,
  onHold: (holds: boolean) => void,
): Card {
  const { id } = widget;
  const kind = contents[widget.type];
  const title = kind?.title ?? widget.type;
  const element = create('section', `card card-${kind === undefined ? 'other' : widget.type}`);
  element.dataset['widget'] = id;
  element.setAttribute('aria-label', title);
  const content = kind?.create(doc, widget, me);
  const grip = create('button', 'grip', title);
  grip.setAttribute('aria-label', `Move ${title}: drag, or use the arrow keys`);
  const remove = create('button', 'remove', '×');
  remove.setAttribute('aria-label', `Remove ${title}`);
  remove.addEventListener('click', () => removeWidget(doc, id));
  const head = create('header', 'card-head');
  head.append(grip, remove);
  element.append(head, content?.element ?? create('p', 'other', 'A widget this page cannot show'));

  const moveTo = (to: Geom) => {
    // Somebody else may have removed it meanwhile.
    if (widgetsOf(doc).has(id)) setGeom(doc, id, to);
  };
  let geom = widget.geom ?? nowhere;
  let dragged: Geom | undefined;
  const place = () => {
    const { x, y, w, h } = dragged ?? geom;
    element.style.transform = `translate(${x * UNIT_PX}px, ${y * UNIT_PX}px)`;
    element.style.width = `${w * UNIT_PX}px`;
    element.style.height = `${h * UNIT_PX}px`;
  };
  const onDrag = (moved: Geom | undefined) => {
    if ((dragged === undefined) !== (moved === undefined)) {
      onHold(moved !== undefined);
      if (moved !== undefined) raise(element);
      element.classList.toggle('dragged', moved !== undefined);
    }
    dragged = moved;
    place();
  };
  makeDraggable(grip, () => geom, onDrag, moveTo);
  grip.addEventListener('keydown', (event) => {
    const by = ARROWS[event.key];
    if (by === undefined) return;
    event.preventDefault();
    moveTo(snapped({ ...geom, x: geom.x + by.x, y: geom.y + by.y }));
  });

  return {
    element,
    update(changed) {
      geom = changed.geom ?? nowhere;
      place();
      content?.update(changed);
    },
    setHolder(person) {
      if (person !== undefined && !element.classList.contains('held')) raise(element);
      element.classList.toggle('held', person !== undefined);
      element.style.setProperty('--person', person?.color ?? '');
    },
    destroy() {
      content?.destroy();
      element.remove();
    },
  };
}

let highest = 0;

/** What was dragged last lies on top. Not by moving it in the document: it may have the focus. */
function raise(element: HTMLElement): void {
  highest += 1;
  element.style.zIndex = String(highest);
}

/**
 * Lets a pointer drag something by `grip`. It is shown at every frame (`show`, undefined at the end),
 * and written every 50 ms and at the end, on the grid.
 */
function makeDraggable(
  grip: HTMLElement,
  geomNow: () => Geom,
  show: (geom: Geom | undefined) => void,
  write: (geom: Geom) => void,
): void {
  grip.addEventListener('pointerdown', (down) => {
    if (down.button !== 0) return;
    grip.setPointerCapture(down.pointerId);
    const from = geomNow();
    let current = from;
    let nextWrite: ReturnType<typeof setTimeout> | undefined;
    const ending = new AbortController();
    const onMove = (move: PointerEvent) => {
      current = {
        ...from,
        x: Math.max(0, from.x + (move.pageX - down.pageX) / UNIT_PX),
        y: Math.max(0, from.y + (move.pageY - down.pageY) / UNIT_PX),
      };
      show(current);
      nextWrite ??= setTimeout(() => {
        nextWrite = undefined;
        write({ ...current, x: twoDecimals(current.x), y: twoDecimals(current.y) });
      }, DRAG_WRITE_MS);
    };
    const onEnd = () => {
      ending.abort();
      clearTimeout(nextWrite);
      if (current !== from) write(snapped(current));
      show(undefined);
    };
    grip.addEventListener('pointermove', onMove, ending);
    grip.addEventListener('pointerup', onEnd, ending);
    grip.addEventListener('pointercancel', onEnd, ending);
  });
}

function twoDecimals(value: number): number {
  return Math.round(value * 100) / 100;
}
