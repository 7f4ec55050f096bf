import type { Board, Other, PresenceUser } from '@tessera/client';
import { useBoard } from '@tessera/client/react';
import { useCallback, useSyncExternalStore } from 'react';
import type { Fields, How } from './fields.ts';

/** Somebody else who has a widget selected, edits or moves it. */
export interface Holder {
  readonly clientId: number;
  readonly user: PresenceUser;
  readonly how: How;
}

const nobody: readonly Holder[] = [];

/**
 * Who holds which widget. One look at the presence for all widgets, and only those are told whose
 * holders changed: cursors move sixty times a second, and there may be hundreds of widgets.
 */
class Holders {
  #byWidget = new Map<string, readonly Holder[]>();
  #key = '';
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(board: Board<Fields>) {
    board.presence.subscribe(
      ({ others }) => others,
      (others) => this.#update(others),
    );
    this.#update(board.presence.others);
  }

  of(widget: string): readonly Holder[] {
    return this.#byWidget.get(widget) ?? nobody;
  }

  subscribe(widget: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(widget) ?? new Set();
    this.#listeners.set(widget, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(widget);
    };
  }

  #update(others: readonly Other<Fields>[]): void {
    const holding = others.filter(({ holds, idle }) => holds !== undefined && !idle);
    const key = JSON.stringify(holding.map(({ clientId, holds, user }) => [clientId, holds, user]));
    if (key === this.#key) return;
    this.#key = key;
    const before = this.#byWidget;
    this.#byWidget = Map.groupBy(
      holding.map(({ clientId, user, holds }) => ({
        clientId,
        user,
        how: holds?.how ?? 'selects',
        widget: holds?.widget ?? '',
      })),
      ({ widget }) => widget,
    );
    for (const widget of new Set([...before.keys(), ...this.#byWidget.keys()])) {
      for (const listener of [...(this.#listeners.get(widget) ?? [])]) listener();
    }
  }
}

const known = new WeakMap<object, Holders>();

/** Who else holds this widget. */
export function useHolders(widget: string): readonly Holder[] {
  const board = useBoard<Fields>();
  const holders = known.get(board) ?? new Holders(board);
  known.set(board, holders);
  const subscribe = useCallback(
    (listener: () => void) => holders.subscribe(widget, listener),
    [holders, widget],
  );
  return useSyncExternalStore(subscribe, () => holders.of(widget));
}
