import { grantFor, parseBoardId, TesseraError } from '@tessera/model';
import { type Identity, type TokenKey, verifyToken } from './token.ts';
import { WriteGuard } from './write-guard.ts';

/** What one token allows on one board. */
export interface Permit {
  identity: Identity;
  guard: WriteGuard;
}

/** @throws TesseraError `malformed`, `token-*` or `not-granted` */
export type Authorize = (token: string, board: string) => Promise<Permit>;

export function createAuthorize(keys: readonly TokenKey[]): Authorize {
  return async (token, board) => {
    const identity = verifyToken(token, keys);
    const grant = grantFor(identity.grants, parseBoardId(board));
    if (grant === undefined) throw new TesseraError('not-granted', `${board} to ${identity.actor}`);
    const { access, widgets } = grant;
    const guard = new WriteGuard({ access, ...(widgets && { widgets }) });
    return { identity, guard };
  };
}
