/**
 * Boards of shared widgets: typed state, presence, undo and a status that means what it says. Runs in
 * browsers and in Node 22 or newer.
 *
 * @module @tessera/client
 */
export type { ErrorCode, Geom, Json, JsonObject, Widget } from '@tessera/model';
export { TesseraError } from '@tessera/model';
export type { Board, BoardState, BoardStatus } from './board.ts';
export { type BoardOptions, type Client, type ClientOptions, createClient } from './client.ts';
export type { Attempt, BoardConflict } from './conflicts.ts';
export {
  anyState,
  defineWidget,
  type InputOf,
  type MergeKind,
  type StateOf,
  type WidgetDefinition,
  type WidgetOptions,
} from './define-widget.ts';
export type { History, HistoryOptions, HistoryState } from './history.ts';
export type { AsideEdits, LocalCopy, LocalStore, StorageStatus } from './local-copy.ts';
export type {
  Other,
  Presence,
  PresenceFields,
  PresenceOptions,
  PresenceUser,
  PresentUser,
  Self,
} from './presence.ts';
export {
  type BoardPoint,
  type BoardView,
  type CursorFields,
  toBoardPoint,
  toClientPoint,
  trackCursor,
} from './presence-cursor.ts';
export type {
  CreatedWidget,
  InvalidWidget,
  ShownState,
  StateDraft,
  WidgetHandle,
  WidgetRef,
  WidgetSnapshot,
  WidgetStatus,
  Widgets,
} from './typed-widgets.ts';
export type { Issue } from './widget-state.ts';
