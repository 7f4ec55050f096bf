import { TesseraError } from '@tessera/model';

/** Runs a decoder and turns whatever it throws into a `malformed` that says what was expected. */
export function decodeOr<T>(problem: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw cause instanceof TesseraError ? cause : new TesseraError('malformed', problem, { cause });
  }
}
