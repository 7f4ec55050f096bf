import { type Grants, grantsSchema, TesseraError } from '@tessera/model';
import jwt from 'jsonwebtoken';
import { z } from 'zod';

/** Who a token speaks for, and what it allows. */
export interface Identity {
  /** The token's `sub`: who made an update, in the log. */
  actor: string;
  name: string | undefined;
  color: string | undefined;
  grants: Grants;
  /** Its `jti`, by which this one token can be revoked. */
  tokenId: string | undefined;
  /** Its `iat`; undefined counts as older than every revocation. Milliseconds since 1970, as the next one. */
  issuedAt: number | undefined;
  /** Its `exp` and the leeway after it: from then on it is refused, on open connections too. */
  expiresAt: number;
}

/** What is asked of every token besides its signature. */
export interface TokenRules {
  /** How far the clock of whoever signs may be off. */
  leewayS: number;
  /** From `iat` to `exp`. */
  maxLifetimeS: number;
}

/** Short enough to be kept as text in PostgreSQL, which cannot hold NUL. */
const nameSchema = z
  .string()
  .min(1)
  .max(255)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the one which is excluded
  .regex(/^[^\u0000]*$/);

const claimsSchema = z.object({
  sub: nameSchema,
  exp: z.number(),
  iat: z.number().optional(),
  jti: nameSchema.optional(),
  name: z.string().max(255).optional(),
  color: z.string().max(64).optional(),
  grants: grantsSchema,
});

/**
 * Reads the claims of a token whose signature, `exp` and `nbf` have been checked.
 * @throws TesseraError `token-invalid`, with the reason
 */
export function readClaims(claims: unknown, { leewayS, maxLifetimeS }: TokenRules): Identity {
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) {
    throw new TesseraError('token-invalid', z.prettifyError(parsed.error).replaceAll('\n', ' '));
  }
  const { sub, exp, iat, jti, name, color, grants } = parsed.data;
  const nowS = Date.now() / 1000;
  if (iat !== undefined && iat > nowS + leewayS) {
    throw new TesseraError(
      'token-invalid',
      `it was issued in the future, ${Math.ceil(iat - nowS)} s from now by this server's clock`,
    );
  }
  // Without `iat` it may be as old as it likes, so the rest of its life is all there is to judge.
  const lifetimeS = exp - (iat ?? nowS);
  if (lifetimeS > maxLifetimeS) {
    const detail = `it lives for ${Math.round(lifetimeS)} s, and ${maxLifetimeS} s are allowed: set an earlier exp, or TESSERA_JWT_MAX_LIFETIME_S`;
    throw new TesseraError('token-invalid', detail);
  }
  return {
    actor: sub,
    name,
    color,
    grants,
    tokenId: jti,
    issuedAt: iat === undefined ? undefined : iat * 1000,
    expiresAt: (exp + leewayS) * 1000,
  };
}

export interface TokenClaims {
  sub: string;
  name?: string;
  color?: string;
  grants: Grants;
  /** The token's own name, by which it can be revoked. */
  jti?: string | undefined;
  aud?: string | undefined;
  iss?: string | undefined;
}

/** A token signed with the HS256 secret. `expiresInS` in seconds. */
export function signToken(claims: TokenClaims, secret: string, expiresInS: number): string {
  const given = Object.entries(claims).filter(([, value]) => value !== undefined);
  return jwt.sign(Object.fromEntries(given), secret, { algorithm: 'HS256', expiresIn: expiresInS });
}
