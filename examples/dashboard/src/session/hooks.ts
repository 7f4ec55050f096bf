import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Session } from './session.ts';
import type { Person } from './token.ts';

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined)
    throw new Error('there is no session here: put <Workspace> around this');
  return session;
}

/** Who the user of this workspace is, once the node has said so. */
export function useMe(): Person | undefined {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, () => session.me);
}

export function useIsOnline(): boolean {
  const { network } = useSession();
  return useSyncExternalStore(network.subscribe, () => network.isOn);
}
