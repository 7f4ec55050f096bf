import { type ErrorCode, errors, TesseraError } from '@tessera/model';

/**
 * Carries an error of the table through Hocuspocus to the socket. Hocuspocus 4.7 turns whatever its
 * hooks throw into a PermissionDenied frame with the `reason`, and prints it unless the message is
 * empty. All connections waiting for the same load get the same one.
 */
export class Refusal extends Error {
  readonly reason: string;

  constructor(error: TesseraError) {
    super('', { cause: error });
    this.reason = `${error.code}\0${error.message}`;
  }
}

/** The error behind a PermissionDenied reason. What Hocuspocus says by itself is `board-unavailable`. */
export function readRefusal(reason: string): TesseraError {
  const [code = '', message = ''] = reason.split('\0', 2);
  if (!(code in errors)) return new TesseraError('board-unavailable', reason);
  const kind = errors[code as ErrorCode];
  return new TesseraError(code as ErrorCode, message.slice(kind.message.length + 2));
}
