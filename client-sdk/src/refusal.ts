import { type ErrorCode, errors, TesseraError } from '@tessera/model';

const codes = Object.keys(errors) as ErrorCode[];

/**
 * The error behind what a server gave as its reason, which starts with the message of our table.
 * For a reason that does not, the close code decides; without one the board was refused.
 */
export function readRefusal(reason: string, closeCode = 4403): TesseraError {
  const named = codes.find((code) => reason.startsWith(errors[code].message));
  if (named !== undefined) {
    return new TesseraError(named, reason.slice(errors[named].message.length).replace(/^: /, ''));
  }
  const code = codes.find((candidate) => errors[candidate].closeCode === closeCode);
  return new TesseraError(code ?? 'malformed', reason || `closed with ${closeCode}`);
}
