import { createPublicKey, type KeyObject } from 'node:crypto';
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
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** The key tokens are checked with, and the only algorithm accepted with it. */
export interface TokenKey {
  key: string | KeyObject;
  algorithm: 'HS256' | 'RS256' | 'ES256';
}

const claimsSchema = z.object({
  sub: z
    .string()
    .min(1)
    .max(255)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: PostgreSQL's text cannot hold NUL
    .regex(/^[^\u0000]*$/),
  exp: z.number(),
  name: z.string().max(255).optional(),
  color: z.string().max(64).optional(),
  grants: grantsSchema,
});

const CLOCK_TOLERANCE_S = 5;

/** A key pair's public half decides the algorithm, so that a token cannot choose it. */
export function publicTokenKey(pem: string): TokenKey {
  const key = createPublicKey(pem);
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { key, algorithm: 'RS256' };
    case 'ec':
      return { key, algorithm: 'ES256' };
    default:
      throw new Error(`an RSA or EC key is needed, this one is ${key.asymmetricKeyType}`);
  }
}

/** @throws TesseraError `token-missing`, `token-expired` or `token-invalid`, with the reason */
export function verifyToken(token: string, keys: readonly TokenKey[]): Identity {
  if (token === '') throw new TesseraError('token-missing');
  const parsed = claimsSchema.safeParse(checkSignature(token, keys));
  if (!parsed.success) {
    throw new TesseraError('token-invalid', z.prettifyError(parsed.error).replaceAll('\n', ' '));
  }
  const { sub, exp, name, color, grants } = parsed.data;
  return { actor: sub, name, color, grants, expiresAt: exp * 1000 };
}

export interface TokenClaims {
  sub: string;
  name?: string;
  color?: string;
  grants: Grants;
}

/** A token signed with the HS256 secret. `expiresInS` in seconds. */
export function signToken(claims: TokenClaims, secret: string, expiresInS: number): string {
  return jwt.sign(claims, secret, { algorithm: 'HS256', expiresIn: expiresInS });
}

function checkSignature(token: string, keys: readonly TokenKey[]): unknown {
  const algorithm = algorithmOf(token);
  const match = keys.find((candidate) => candidate.algorithm === algorithm);
  if (match === undefined) {
    const accepted = keys.map((candidate) => candidate.algorithm).join(', ');
    throw new TesseraError('token-invalid', `it is no JWT signed with ${accepted}`);
  }
  try {
    return jwt.verify(token, match.key, {
      algorithms: [match.algorithm],
      clockTolerance: CLOCK_TOLERANCE_S,
    });
  } catch (cause) {
    if (cause instanceof jwt.TokenExpiredError) {
      throw new TesseraError('token-expired', `at ${cause.expiredAt.toISOString()}`, { cause });
    }
    throw new TesseraError('token-invalid', String((cause as Error).message), { cause });
  }
}

function algorithmOf(token: string): string | undefined {
  try {
    return jwt.decode(token, { complete: true })?.header.alg;
  } catch {
    return undefined; // jsonwebtoken throws what JSON.parse says of a header that is none
  }
}
