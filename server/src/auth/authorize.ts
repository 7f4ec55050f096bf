import { grantFor, parseBoardId, TesseraError } from '@tessera/model';
import type { Revocations } from './revocations.ts';
import type { Identity } from './token.ts';
import type { VerifyToken } from './verify-token.ts';
import { WriteGuard } from './write-guard.ts';

/** What one token allows on one board. */
export interface Permit {
  identity: Identity;
  guard: WriteGuard;
  /** Whether others see that its holder is there. */
  isVisible: boolean;
}

/** @throws TesseraError `malformed`, `token-*`, `keys-away` or `not-granted` */
export type Authorize = (token: string, board: string) => Promise<Permit>;

export function createAuthorize(
  verify: VerifyToken,
  revocations: Pick<Revocations, 'refusalOf'>,
): Authorize {
  return async (token, board) => {
    const identity = await verify(token);
    const grant = grantFor(identity.grants, parseBoardId(board));
    if (grant === undefined) throw new TesseraError('not-granted', `${board} to ${identity.actor}`);
    const refusal = revocations.refusalOf(identity, board);
    if (refusal !== undefined) throw refusal;
    const { access, widgets, presence: isVisible = true } = grant;
    const guard = new WriteGuard({ access, ...(widgets && { widgets }) });
    return { identity, guard, isVisible };
  };
}
