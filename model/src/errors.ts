/** What went wrong, in a word that never changes. Every error a user can meet is one of these. */
export type ErrorCode =
  | 'malformed'
  | 'token-missing'
  | 'token-invalid'
  | 'token-expired'
  | 'token-revoked'
  | 'not-granted'
  | 'edit-refused'
  | 'no-such-board'
  | 'epoch-changed'
  | 'too-large'
  | 'board-unavailable'
  | 'reader-too-slow'
  | 'too-fast'
  | 'node-restarting'
  | 'overloaded'
  | 'database-away'
  | 'keys-away'
  | 'bad-setting';

/**
 * How an error leaves the server: as a WebSocket close code, as an HTTP status, and whether the
 * same request may succeed later without anything being changed (`retry`).
 */
export interface ErrorKind {
  readonly closeCode: number;
  readonly httpStatus: number;
  readonly retry: boolean;
  readonly message: string;
}

/** The table of errors. `bad-setting` happens at start-up only and reaches no client. */
export const errors: Readonly<Record<ErrorCode, ErrorKind>> = {
  malformed: stop(4400, 400, 'the message is malformed'),
  'token-missing': stop(4401, 401, 'a token is missing'),
  'token-invalid': stop(4401, 401, 'the token is not valid'),
  'token-expired': stop(4401, 401, 'the token has expired'),
  'token-revoked': stop(4401, 401, 'the token has been revoked'),
  'not-granted': stop(4403, 403, 'the token does not grant this'),
  'edit-refused': stop(4422, 422, 'the edit is refused'),
  'no-such-board': stop(4404, 404, 'there is no such board'),
  'epoch-changed': stop(4409, 409, 'the board has been reset since this copy of it was made'),
  'too-large': stop(4413, 413, 'the message is too large'),
  'board-unavailable': tryAgain(4500, 500, 'the board cannot be served now'),
  'reader-too-slow': tryAgain(4508, 503, 'the connection reads too slowly'),
  'too-fast': tryAgain(4529, 429, 'too many messages in a short time'),
  'node-restarting': tryAgain(1012, 503, 'the node is restarting'),
  overloaded: tryAgain(1013, 503, 'the node is overloaded'),
  'database-away': tryAgain(1013, 503, 'the database is away'),
  'keys-away': tryAgain(1013, 503, 'the key that checks this token is not known yet'),
  'bad-setting': stop(1011, 500, 'a setting is bad'),
};

/** RFC 6455 leaves 123 bytes for the reason of a close frame. */
const maxCloseReasonBytes = 123;

/** An error that a user can meet: `code` says which, the message also what it happened to and what to do. */
export class TesseraError extends Error {
  override readonly name = 'TesseraError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown }) {
    super(detail ? `${errors[code].message}: ${detail}` : errors[code].message, options);
    this.code = code;
  }

  /** What a server closes a WebSocket with for it: 44xx is final, everything else may be tried again. */
  get closeCode(): number {
    return errors[this.code].closeCode;
  }

  get httpStatus(): number {
    return errors[this.code].httpStatus;
  }

  /** Whether the same may succeed later without anything being changed. */
  get retry(): boolean {
    return errors[this.code].retry;
  }

  /** The message, cut to what a close frame can carry, never in the middle of a character. */
  get closeReason(): string {
    return truncateUtf8(this.message, maxCloseReasonBytes);
  }
}

/**
 * Whether a client that was closed with this code must change something before it connects again.
 * 4400 to 4499 are final; 45xx, 1012, 1013 and everything else mean "try again, with backoff".
 */
export function isFinal(closeCode: number): boolean {
  return closeCode >= 4400 && closeCode <= 4499;
}

function stop(closeCode: number, httpStatus: number, message: string): ErrorKind {
  return { closeCode, httpStatus, retry: false, message };
}

function tryAgain(closeCode: number, httpStatus: number, message: string): ErrorKind {
  return { closeCode, httpStatus, retry: true, message };
}

function truncateUtf8(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}
