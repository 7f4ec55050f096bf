import type { KeyObject } from 'node:crypto';
import { TesseraError } from '@tessera/model';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { KeyHint } from './remote-keys.ts';
import { type Identity, readClaims, type TokenRules } from './token.ts';
import type { TokenAlgorithm, TokenKey } from './token-keys.ts';

export interface VerifierOptions extends TokenRules {
  keys: readonly TokenKey[];
  /** Asked when no fixed key fits. */
  remoteKeys: { find(hint: KeyHint): Promise<KeyObject> } | undefined;
  audience: string | undefined;
  issuer: string | undefined;
}

/**
 * Checks a token's signature and claims.
 * @throws TesseraError `token-missing`, `token-expired`, `token-invalid` with the reason, or `keys-away`
 */
export type VerifyToken = (token: string) => Promise<Identity>;

const MAX_TOKEN_CHARACTERS = 16 * 1024;

const headerSchema = z.object({
  alg: z.string(),
  kid: z.string().max(1024).optional(),
  // Extensions that must be understood; none is. jsonwebtoken would not look.
  crit: z.never('it needs extensions that are not supported').optional(),
});

/**
 * One verifier for all keys, so that all tokens are judged alike. A key is only ever used with its own
 * algorithm, whatever the token's header says: the header chooses among the keys, not how they are used.
 */
export function createTokenVerifier(options: VerifierOptions): VerifyToken {
  const accepted = new Set<string>(options.keys.map(({ algorithm }) => algorithm));
  if (options.remoteKeys !== undefined) accepted.add('RS256').add('ES256');
  return async (token) => {
    if (token === '') throw new TesseraError('token-missing');
    if (token.length > MAX_TOKEN_CHARACTERS) {
      const detail = `it has ${token.length} characters, and ${MAX_TOKEN_CHARACTERS} are allowed`;
      throw new TesseraError('token-invalid', detail);
    }
    const header = readHeader(token);
    if (header === undefined || !accepted.has(header.alg)) {
      const algorithms = [...accepted].join(', ');
      throw new TesseraError('token-invalid', `it is no JWT signed with ${algorithms}`);
    }
    return readClaims(await checkSignature(token, header, options), options);
  };
}

async function checkSignature(token: string, header: Header, options: VerifierOptions) {
  const { keys, remoteKeys } = options;
  const { alg, kid } = header;
  const fixed = keys.find(({ algorithm }) => algorithm === alg);
  const mayBeRemote = remoteKeys !== undefined && (alg === 'RS256' || alg === 'ES256');
  if (fixed !== undefined) {
    const claims = checkWith(fixed.key, fixed.algorithm, token, options, mayBeRemote);
    if (claims !== undefined) return claims;
  }
  if (!mayBeRemote) throw new TesseraError('token-invalid', 'there is no key for it');
  const key = await remoteKeys.find({ alg, ...(kid !== undefined && { kid }) });
  return checkWith(key, alg, token, options, false);
}

/** The claims; undefined if another key may fit. */
function checkWith(
  key: TokenKey['key'],
  algorithm: TokenAlgorithm,
  token: string,
  { audience, issuer, leewayS }: VerifierOptions,
  anotherMayFit: boolean,
): unknown {
  try {
    return jwt.verify(token, key, {
      algorithms: [algorithm],
      clockTolerance: leewayS,
      ...(audience !== undefined && { audience }),
      ...(issuer !== undefined && { issuer }),
    });
  } catch (cause) {
    if (cause instanceof jwt.TokenExpiredError) {
      throw new TesseraError('token-expired', `at ${cause.expiredAt.toISOString()}`, { cause });
    }
    if (!(cause instanceof jwt.JsonWebTokenError)) {
      // Its words may repeat parts of the token: a payload that is no JSON, for one.
      throw new TesseraError('token-invalid', 'it cannot be decoded');
    }
    if (anotherMayFit && cause.message === 'invalid signature') return undefined;
    throw new TesseraError('token-invalid', cause.message, { cause });
  }
}

type Header = z.output<typeof headerSchema>;

/** Undefined for what is no JWT. @throws TesseraError `token-invalid` for a JWT that is not understood */
function readHeader(token: string): Header | undefined {
  let header: unknown;
  try {
    header = jwt.decode(token, { complete: true })?.header;
  } catch {
    return undefined; // jsonwebtoken throws what JSON.parse says of a header that is none
  }
  if (header === undefined) return undefined;
  const parsed = headerSchema.safeParse(header);
  if (parsed.success) return parsed.data;
  throw new TesseraError('token-invalid', z.prettifyError(parsed.error).replaceAll('\n', ' '));
}
