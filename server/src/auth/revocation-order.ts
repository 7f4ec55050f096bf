import { parseBoardId, TesseraError } from '@tessera/model';
import type { Revocation } from '@tessera/persistence';
import type { TokenRules } from './token.ts';

/** What to revoke: the tokens that fit all that is given of `user`, `token` and `board`. */
export interface RevocationOrder {
  /** Their `sub`. */
  user?: string | undefined;
  /** Their `jti`. */
  token?: string | undefined;
  /** The board they are shown for. */
  board?: string | undefined;
  /**
   * Left out: tokens issued by now are refused, and newer ones are not. With a date or `forever`, newer
   * ones are refused as well until then.
   */
  until?: Date | 'forever' | undefined;
  /** Told to whoever is refused. */
  reason?: string | undefined;
}

const MAX_CHARACTERS = 255;

/** @throws TesseraError `bad-setting` or `malformed` when it revokes nothing */
export function revocationOf(
  order: RevocationOrder,
  { leewayS, maxLifetimeS }: TokenRules,
): Revocation {
  const { user: actor, token: tokenId, board, until, reason = 'by an administrator' } = order;
  const given = Object.entries({ user: actor, token: tokenId, board, reason });
  if (actor === undefined && tokenId === undefined && board === undefined) {
    throw new TesseraError('bad-setting', 'nothing to revoke: give a user, a token or a board');
  }
  for (const [name, value] of given) {
    if (value !== undefined && (value === '' || value.length > MAX_CHARACTERS)) {
      const detail = `${name}: it needs 1 to ${MAX_CHARACTERS} characters, and has ${value.length}`;
      throw new TesseraError('bad-setting', detail);
    }
  }
  if (board !== undefined) parseBoardId(board);
  const now = Date.now();
  if (until instanceof Date && !(until.getTime() > now)) {
    throw new TesseraError('bad-setting', 'until: it needs a date that is still to come');
  }
  return {
    actor,
    tokenId,
    board,
    // A token that is named is meant whenever it was issued.
    issuedUntil: until === undefined && tokenId === undefined ? now : undefined,
    until: endOf(until, now + (maxLifetimeS + 2 * leewayS) * 1000),
    reason,
  };
}

/** By `otherwise`, every token that was issued before has expired. */
function endOf(until: RevocationOrder['until'], otherwise: number): number | undefined {
  if (until === 'forever') return undefined;
  return until === undefined ? otherwise : until.getTime();
}
