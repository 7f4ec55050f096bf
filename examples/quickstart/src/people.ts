import type { Awareness } from 'y-protocols/awareness';
import type { Person } from './connection.ts';

/** What each window tells the others about itself. Positions are in units of the board's grid. */
export interface Presence {
  user: Person;
  cursor?: { x: number; y: number } | null;
  /** The widget being dragged. */
  holds?: string | null;
}

/** Everybody else on the board, by their window. */
export function othersOf(awareness: Awareness): Map<number, Presence> {
  const others = new Map<number, Presence>();
  for (const [client, state] of awareness.getStates()) {
    // Anybody with a token may send any state, so it is looked at before it is believed.
    if (client === awareness.clientID || !isPerson(state.user)) continue;
    const cursor = isPoint(state.cursor) ? state.cursor : null;
    const holds = typeof state.holds === 'string' ? state.holds : null;
    others.set(client, { user: state.user, cursor, holds });
  }
  return others;
}

const MOST_SHOWN = 4;

/** Keeps the list of people in the bar up to date, oneself first. */
export function showPeople(list: HTMLElement, awareness: Awareness, me: Person): void {
  const show = () => {
    const people = new Map([[me.id, me]]);
    for (const { user } of othersOf(awareness).values()) people.set(user.id, user);
    const all = [...people.values()];
    const hidden = all.length - MOST_SHOWN;
    list.replaceChildren(
      ...all.slice(0, MOST_SHOWN).map((person) => {
        const title = person === me ? `${person.name} (you)` : person.name;
        return badge(person.name.slice(0, 1), title, person.color);
      }),
      ...(hidden > 0 ? [badge(`+${hidden}`, `${hidden} more`, 'gray')] : []),
    );
  };
  awareness.on('change', show);
  show();
}

function badge(text: string, title: string, color: string): HTMLElement {
  const element = document.createElement('li');
  element.textContent = text;
  element.title = title;
  element.style.setProperty('--person', color);
  return element;
}

function isPerson(value: unknown): value is Person {
  const { id, name, color } = (value ?? {}) as Record<string, unknown>;
  return typeof id === 'string' && typeof name === 'string' && typeof color === 'string';
}

function isPoint(value: unknown): value is { x: number; y: number } {
  const { x, y } = (value ?? {}) as Record<string, unknown>;
  return Number.isFinite(x) && Number.isFinite(y);
}
