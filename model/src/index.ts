export { type Access, accessToWidget, canWrite, isRestricted, type Rights } from './access.ts';
export { type Board, boardPropertiesOf, readBoard, readTitle, setTitle } from './board.ts';
export { type ErrorCode, type ErrorKind, errors, isFinal, TesseraError } from './errors.ts';
export { accessTo, type Grant, type Grants, grantFor, grantsSchema } from './grants.ts';
export {
  type BoardId,
  isBoardId,
  isWidgetId,
  parseBoardId,
  parseWidgetId,
  tenantOf,
} from './ids.ts';
export {
  copyJson,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonPrimitive,
  jsonPartOf,
} from './json.ts';
export {
  type AccessMessage,
  type DurabilityMessage,
  encodeMessage,
  type HelloMessage,
  parseServerMessage,
  type RejectedMessage,
  type ServerMessage,
} from './messages.ts';
export {
  type DecodedUpdate,
  decodeUpdate,
  expectCanonical,
  isComplete,
  isIntegrated,
  mergeUpdates,
} from './update.ts';
export { updateBudget } from './update-budget.ts';
export { checkBoardBudget } from './update-budget-board.ts';
export { encodeUpdate } from './update-encode.ts';
export {
  type FilteredUpdate,
  filterUpdate,
  type Refused,
  type UpdateRules,
} from './update-filter.ts';
export type { Place } from './update-places.ts';
export { endOfRun } from './update-structs.ts';
export {
  maxSplitBytes,
  type PlaceWeight,
  placeKey,
  type UpdateWeight,
  weighUpdate,
} from './update-weight.ts';
export {
  createWidget,
  type Geom,
  type NewWidget,
  newList,
  newMap,
  readWidget,
  removeWidget,
  setGeom,
  setState,
  stateOf,
  unsetState,
  type Widget,
  widgetsOf,
  widgetsRoot,
} from './widget.ts';
export {
  addList,
  addText,
  insertItems,
  removeItems,
  widgetList,
  widgetText,
} from './widget-content.ts';
