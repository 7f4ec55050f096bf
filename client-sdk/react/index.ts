/**
 * Providers and hooks for React 18 and 19. A component renders again when what it reads changes, and
 * not otherwise. On a server, and while a page is hydrated, every hook gives a board that is empty.
 *
 * @module @tessera/client/react
 */
'use client';

export { type Undo, useConflicts, useStatus, useTitle, useUndo } from './board-hooks.ts';
export { useOthers, usePresence, useUsers } from './presence-hooks.ts';
export {
  BoardProvider,
  type BoardProviderProps,
  TesseraProvider,
  type TesseraProviderProps,
  useBoard,
  useClient,
} from './providers.ts';
export { useBoardLoaded, useBoardSynced } from './suspense.ts';
export type { IsEqual } from './use-facet.ts';
export { type ShownWidget, useWidget, useWidgets } from './widget-hooks.ts';
