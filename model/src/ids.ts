import { TesseraError } from './errors.ts';

/**
 * The name of a board, which is also the name of its Yjs document: 1 to 255 bytes of segments
 * joined by `/`, each of `[A-Za-z0-9._~-]+`. The first segment is the tenant: `acme/sales-q3`.
 */
export type BoardId = string;

const maxIdLength = 255;
const boardIdPattern = /^[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*$/;
const widgetIdPattern = /^[A-Za-z0-9._~-]+$/;

/** Whether `text` is a board id. */
export function isBoardId(text: string): boolean {
  // The alphabet is ASCII, so the length is the number of bytes. It is looked at first so that
  // the pattern never runs over megabytes.
  return text.length <= maxIdLength && boardIdPattern.test(text);
}

/** Returns `text` as a board id, or throws a TesseraError `malformed` that says what a board id is. */
export function parseBoardId(text: string): BoardId {
  if (isBoardId(text)) return text;
  throw new TesseraError(
    'malformed',
    `${quote(text)} is not a board id: 1 to 255 bytes of segments joined by "/", each of A-Z a-z 0-9 . _ ~ -`,
  );
}

/** The tenant a board belongs to: its first segment. */
export function tenantOf(board: BoardId): string {
  return board.split('/', 1)[0] ?? board;
}

/** Whether `text` names a widget: one segment of a board id. `__proto__` is refused, it is no safe key of a plain object. */
export function isWidgetId(text: string): boolean {
  return text.length <= maxIdLength && text !== '__proto__' && widgetIdPattern.test(text);
}

/** Returns `text` as a widget id, or throws a TesseraError `malformed` that says what a widget id is. */
export function parseWidgetId(text: string): string {
  if (isWidgetId(text)) return text;
  throw new TesseraError(
    'malformed',
    `${quote(text)} is not a widget id: 1 to 255 of A-Z a-z 0-9 . _ ~ - and not "__proto__"`,
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
