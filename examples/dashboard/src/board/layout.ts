import type { Board, Geom } from '@tessera/client';
import { useBoard } from '@tessera/client/react';
import { useEffect, useSyncExternalStore } from 'react';
import type { Layout, LayoutItem } from 'react-grid-layout';

/** Columns of the grid: as many as Grafana's, whose dashboards are imported as they are. */
export const COLUMNS = 24;
export const ROW_PX = 30;
export const GAP_PX = 10;

/**
 * Where all widgets are, as the grid wants it. What has not changed keeps its identity, and so does
 * the whole: typing in a note draws no grid.
 */
class BoardLayout {
  readonly #board: Board;
  readonly #items = new Map<string, { geom: Geom | undefined; item: LayoutItem }>();
  readonly #stops = new Map<string, () => void>();
  readonly #listeners = new Set<() => void>();
  #layout: Layout = [];
  #isStale = true;

  constructor(board: Board) {
    this.#board = board;
  }

  /** Follows the board until the function it returns is called. */
  follow(): () => void {
    const stop = this.#board.widgets.subscribe(() => this.#listed());
    this.#listed();
    return () => {
      stop();
      for (const stopOne of this.#stops.values()) stopOne();
      this.#stops.clear();
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly read = (): Layout => {
    if (!this.#isStale) return this.#layout;
    this.#isStale = false;
    const { widgets } = this.#board;
    const layout = widgets.list().map(({ id }) => this.#itemOf(id, widgets.get(id)?.geom));
    const isSame =
      layout.length === this.#layout.length &&
      layout.every((item, index) => item === this.#layout[index]);
    if (!isSame) this.#layout = layout;
    return this.#layout;
  };

  #itemOf(id: string, geom: Geom | undefined): LayoutItem {
    const known = this.#items.get(id);
    if (known !== undefined && known.geom === geom) return known.item;
    const item = itemOf(id, geom);
    this.#items.set(id, { geom, item });
    return item;
  }

  #listed(): void {
    const { widgets } = this.#board;
    const ids = new Set(widgets.list().map(({ id }) => id));
    for (const [id, stop] of this.#stops) {
      if (ids.has(id)) continue;
      stop();
      this.#stops.delete(id);
      this.#items.delete(id);
    }
    for (const id of ids) {
      if (this.#stops.has(id)) continue;
      const stop = widgets.subscribe(id, (widget) => {
        if (this.#items.get(id)?.geom !== widget?.geom) this.#changed();
      });
      this.#stops.set(id, stop);
    }
    this.#changed();
  }

  #changed(): void {
    this.#isStale = true;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Others may have stored anything that is a number. */
function itemOf(id: string, geom: Geom | undefined): LayoutItem {
  const { x = 0, y = 0, w = 6, h = 4 } = geom ?? {};
  const width = within(1, Math.round(w), COLUMNS);
  return {
    i: id,
    w: width,
    h: within(1, Math.round(h), 100),
    x: within(0, Math.round(x), COLUMNS - width),
    y: Math.max(0, Math.round(y)),
  };
}

export function within(min: number, value: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

const known = new WeakMap<object, BoardLayout>();

/** The layout of this board, one for all who ask. */
export function layoutOf(board: Board): BoardLayout {
  const layout = known.get(board) ?? new BoardLayout(board);
  known.set(board, layout);
  return layout;
}

export function useLayout(): Layout {
  const layout = layoutOf(useBoard());
  useEffect(() => layout.follow(), [layout]);
  return useSyncExternalStore(layout.subscribe, layout.read);
}

/** The places of `layout` that are not what the board has. */
export function changedPlaces(board: Board, layout: Layout): { id: string; geom: Geom }[] {
  return layout.flatMap(({ i: id, x, y, w, h }) => {
    const widget = board.widgets.get(id);
    if (widget === undefined) return [];
    const { geom } = widget;
    const isSame =
      geom !== undefined && geom.x === x && geom.y === y && geom.w === w && geom.h === h;
    return isSame ? [] : [{ id, geom: { x, y, w, h } }];
  });
}

/** The first row below all widgets. */
export function bottomOf(board: Board): number {
  const bottoms = board.widgets.list().map(({ id }) => {
    const geom = board.widgets.get(id)?.geom;
    return geom === undefined ? 0 : geom.y + geom.h;
  });
  return Math.max(0, ...bottoms);
}
