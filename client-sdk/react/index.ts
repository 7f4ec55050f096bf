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
