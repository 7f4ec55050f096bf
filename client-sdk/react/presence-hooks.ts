import { useCallback } from 'react';
import type { Other, Presence, PresenceFields, PresentUser, Self } from '../src/presence.ts';
import { useBoard } from './providers.ts';
import { type Facet, type IsEqual, useFacet, useSelection } from './use-facet.ts';

const subscribe = (presence: Presence, listener: () => void) => presence.subscribe(listener);

const nobody: readonly never[] = Object.freeze([]);
const self: Facet<Presence, Self> = {
  subscribe,
  read: (presence) => presence.self,
  onServer: Object.freeze({ clientId: undefined, idle: false }),
};
const others: Facet<Presence, readonly Other[]> = {
  subscribe,
  read: (presence) => presence.others,
  onServer: nobody,
};
const users: Facet<Presence, readonly PresentUser[]> = {
  subscribe,
  read: (presence) => presence.users,
  onServer: nobody,
};
const all = (present: readonly Other[]) => present;

/**
 * What this tab shows of itself, and how to set fields of it, as with `useState`:
 * `const [self, setPresence] = usePresence<Fields>()`.
 */
export function usePresence<Fields extends PresenceFields = PresenceFields>(): readonly [
  self: Self<Fields>,
  set: Presence<Fields>['set'],
] {
  const { presence } = useBoard<Fields>();
  const set = useCallback<Presence<Fields>['set']>((partial) => presence.set(partial), [presence]);
  return [useFacet(untyped(presence), self) as Self<Fields>, set];
}

/**
 * The other tabs on the board, or what a selector makes of them. Nobody, without a connection:
 * `useOthers<Fields, boolean>((others) => others.some(({ typing }) => typing === true))`.
 */
export function useOthers<
  Fields extends PresenceFields = PresenceFields,
>(): readonly Other<Fields>[];
export function useOthers<Fields extends PresenceFields, S>(
  select: (others: readonly Other<Fields>[]) => S,
  isEqual?: IsEqual<S>,
): S;
export function useOthers(
  select: (present: readonly Other[]) => unknown = all,
  isEqual?: IsEqual<unknown>,
): unknown {
  return useSelection(useBoard().presence, others, select, isEqual);
}

/** Who else is on the board, each with all their tabs: for a row of faces. */
export function useUsers<
  Fields extends PresenceFields = PresenceFields,
>(): readonly PresentUser<Fields>[] {
  return useFacet(useBoard().presence, users) as readonly PresentUser<Fields>[];
}

/** Which fields there are is known to the caller only. */
function untyped<Fields extends PresenceFields>(presence: Presence<Fields>): Presence {
  return presence as unknown as Presence;
}
