import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from 'react';

/** One thing to see of an object: `read` gives the same value until a listener was told. */
export interface Facet<Of, T> {
  subscribe(of: Of, listener: () => void): () => void;
  read(of: Of): T;
  /** What is shown where nothing is opened: on a server, and while a page takes its HTML over. */
  readonly onServer: T;
}

/** What selectors are compared with unless told otherwise. */
export type IsEqual<T> = (a: T, b: T) => boolean;

/** Renders when the facet changes. Facets are made once, outside of components. */
export function useFacet<Of, T>(of: Of, facet: Facet<Of, T>): T {
  return useSyncExternalStore(
    useSubscribe(of, facet),
    () => facet.read(of),
    () => facet.onServer,
  );
}

/**
 * Renders when what `select` makes of the facet changes. A value that `isEqual` to the one before
 * keeps its identity, also when the selector is written inline and so another one each time.
 */
export function useSelection<Of, T, S>(
  of: Of,
  facet: Facet<Of, T>,
  select: (value: T) => S,
  isEqual: IsEqual<S> = Object.is,
): S {
  const rendered = useRef<{ readonly selected: S } | undefined>(undefined);
  const selectFrom = useMemo(() => {
    let last: { readonly value: T; readonly selected: S } | undefined;
    return (value: T): S => {
      if (last !== undefined && Object.is(last.value, value)) return last.selected;
      const before = last ?? rendered.current;
      const selected = select(value);
      const isSame = before !== undefined && isEqual(before.selected, selected);
      last = { value, selected: isSame ? before.selected : selected };
      return last.selected;
    };
  }, [select, isEqual]);
  const selected = useSyncExternalStore(
    useSubscribe(of, facet),
    () => selectFrom(facet.read(of)),
    () => selectFrom(facet.onServer),
  );
  useEffect(() => {
    rendered.current = { selected };
  }, [selected]);
  return selected;
}

/** The same function as long as it is the same subscription: another one would begin anew. */
function useSubscribe<Of>(of: Of, facet: Facet<Of, unknown>): (listener: () => void) => () => void {
  return useCallback((listener) => facet.subscribe(of, listener), [of, facet]);
}
