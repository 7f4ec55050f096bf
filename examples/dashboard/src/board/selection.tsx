import { useBoard } from '@tessera/client/react';
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react';
import type { Fields, How } from '../presence/fields.ts';

/** What the user has in their hands: one widget at a time, and what they do with it. */
export interface Selection {
  /** The widget that has the focus or had it last. */
  readonly selected: SelectedWidget;
  /** The note that is written in. */
  readonly editing: string | undefined;
  setEditing(id: string | undefined): void;
  /** The widget whose settings are shown. */
  readonly configured: string | undefined;
  setConfigured(id: string | undefined): void;
}

const SelectionContext = createContext<Selection | undefined>(undefined);

export function useSelection(): Selection {
  const selection = useContext(SelectionContext);
  if (selection === undefined)
    throw new Error('there is no selection here: put <SelectionProvider> around this');
  return selection;
}

/** Apart from React's state: a click selects, and only two widgets have something to draw then. */
class SelectedWidget {
  #id: string | undefined;
  #isMoved = false;
  readonly #listeners = new Set<() => void>();

  get id(): string | undefined {
    return this.#id;
  }

  get isMoved(): boolean {
    return this.#isMoved;
  }

  set(id: string | undefined, isMoved = false): void {
    if (id === this.#id && isMoved === this.#isMoved) return;
    this.#id = id;
    this.#isMoved = isMoved;
    for (const listener of [...this.#listeners]) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export function useIsSelected(id: string): boolean {
  const { selected } = useSelection();
  return useSyncExternalStore(selected.subscribe, () => selected.id === id);
}

export function SelectionProvider({ children }: { readonly children: ReactNode }) {
  const board = useBoard<Fields>();
  const [selected] = useState(() => new SelectedWidget());
  const [editing, setEditing] = useState<string>();
  const [configured, setConfigured] = useState<string>();
  useEffect(() => {
    const show = () => {
      const edited = editing ?? configured;
      const widget = selected.isMoved ? selected.id : (edited ?? selected.id);
      const how: How = selected.isMoved ? 'moves' : edited === undefined ? 'selects' : 'edits';
      board.presence.set({ holds: widget === undefined ? undefined : { widget, how } });
    };
    show();
    return selected.subscribe(show);
  }, [board, selected, editing, configured]);
  useEffect(
    () =>
      board.widgets.subscribe(() => {
        // Somebody else may have removed it.
        const isGone = (id: string | undefined) =>
          id !== undefined && board.widgets.get(id) === undefined;
        setEditing((id) => (isGone(id) ? undefined : id));
        setConfigured((id) => (isGone(id) ? undefined : id));
        if (isGone(selected.id)) selected.set(undefined);
      }),
    [board, selected],
  );
  const selection = useMemo(
    () => ({ selected, editing, setEditing, configured, setConfigured }),
    [selected, editing, configured],
  );
  return <SelectionContext value={selection}>{children}</SelectionContext>;
}
