import { type Access, grantFor, parseBoardId, TesseraError } from '@tessera/model';
import { type Identity, type TokenKey, verifyToken } from './token.ts';

/** What one token allows on one board. */
export interface Permit {
  identity: Identity;
  access: Access;
}

/** @throws TesseraError `malformed`, `token-*` or `not-granted` */
export type Authorize = (token: string, board: string) => Promise<Permit>;

export function createAuthorize(keys: readonly TokenKey[]): Authorize {
  return async (token, board) => {
    const identity = verifyToken(token, keys);
    const grant = grantFor(identity.grants, parseBoardId(board));
    if (grant === undefined) throw new TesseraError('not-granted', `${board} to ${identity.actor}`);
    // Grants on single widgets are not enforced yet: a token that carries any may read only.
    return { identity, access: grant.widgets === undefined ? grant.access : 'read' };
  };
}
