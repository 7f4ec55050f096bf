import type { WidgetDefinition } from '@tessera/client';
import { useBoard, useWidget, useWidgets } from '@tessera/client/react';
import type { ComponentType, CSSProperties, KeyboardEvent, PointerEvent, ReactNode } from 'react';
import { ChecklistBody } from './checklist.tsx';
import { NoteText } from './note-text.tsx';
import { Checklist, Note, Slider } from './widgets.ts';

const unitPx = 24;

/** All widgets of the board that this page knows, each on a card. */
export function Cards() {
  const known: Record<string, ComponentType<{ id: string }>> = {
    [Note.type]: NoteCard,
    [Checklist.type]: ChecklistCard,
    [Slider.type]: SliderCard,
  };
  return (
    <main className="board">
      {useWidgets().map(({ id, type }) => {
        const Kind = known[type];
        return Kind && <Kind key={id} id={id} />;
      })}
    </main>
  );
}

function NoteCard({ id }: { id: string }) {
  return (
    <Card definition={Note} id={id}>
      <NoteText id={id} />
    </Card>
  );
}

function ChecklistCard({ id }: { id: string }) {
  return (
    <Card definition={Checklist} id={id}>
      <ChecklistBody id={id} />
    </Card>
  );
}

function SliderCard({ id }: { id: string }) {
  const { state, widget } = useWidget(Slider, id);
  if (state === undefined) return null;
  const { title, value, min, max, unit } = state;
  return (
    <Card definition={Slider} id={id}>
      <output className="value">
        {value} <small>{unit}</small>
      </output>
      <input
        type="range"
        aria-label={title}
        {...{ value, min, max }}
        onChange={({ currentTarget }) => widget.set({ value: currentTarget.valueAsNumber })}
      />
    </Card>
  );
}

interface CardProps {
  readonly definition: WidgetDefinition;
  readonly id: string;
  readonly children: ReactNode;
}

/** The frame of a widget: at its place, with a head to drag it by, or with the arrow keys. */
function Card({ definition, id, children }: CardProps) {
  const { history } = useBoard();
  const { geom, state, widget } = useWidget(definition, id);
  if (geom === undefined || state === undefined) return null;
  const title = 'title' in state ? String(state['title']) : definition.type;

  const moveTo = (x: number, y: number) => {
    const to = { x: Math.max(0, Math.round(x)), y: Math.max(0, Math.round(y)) };
    if (to.x !== geom.x || to.y !== geom.y) widget.move(to);
  };
  const drag = ({ currentTarget: grip, pointerId, clientX, clientY }: PointerEvent) => {
    grip.setPointerCapture(pointerId);
    history.begin('move');
    const ended = new AbortController();
    const { signal } = ended;
    const moved = (event: Event) => {
      if (!('clientX' in event)) return;
      const to = event as globalThis.PointerEvent;
      // Somebody else may have removed it meanwhile.
      if (!widget.exists) return;
      moveTo(geom.x + (to.clientX - clientX) / unitPx, geom.y + (to.clientY - clientY) / unitPx);
    };
    const end = () => {
      ended.abort();
      history.end();
    };
    grip.addEventListener('pointermove', moved, { signal });
    grip.addEventListener('lostpointercapture', end, { signal });
  };
  const step = (event: KeyboardEvent) => {
    const [x, y] = arrows[event.key] ?? [0, 0];
    if (x === 0 && y === 0) return;
    event.preventDefault();
    moveTo(geom.x + x, geom.y + y);
  };
  const place = {
    '--x': geom.x,
    '--y': geom.y,
    '--w': geom.w,
    '--h': geom.h,
    // On a phone the cards are one below the other, as they would be read.
    order: geom.y * 1000 + geom.x,
  } as CSSProperties;
  return (
    <section className={`card ${definition.type}`} data-widget={id} style={place}>
      <header>
        <button
          type="button"
          className="grip"
          aria-label={`Move ${title}`}
          onPointerDown={drag}
          onKeyDown={step}
        >
          {title}
        </button>
        <button
          type="button"
          className="small"
          aria-label={`Remove ${title}`}
          onClick={() => widget.remove()}
        >
          ×
        </button>
      </header>
      {children}
    </section>
  );
}

const arrows: Record<string, [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
