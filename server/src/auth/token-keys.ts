import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { TesseraError } from '@tessera/model';

/** The algorithms tokens may be signed with. */
export type TokenAlgorithm = 'HS256' | 'RS256' | 'ES256';

/** A key tokens are checked with, and the only algorithm accepted with it. */
export interface TokenKey {
  key: KeyObject;
  algorithm: TokenAlgorithm;
}

const MIN_RSA_BITS = 2048;

/** The keys that are set: they are there from the start and never change. @throws TesseraError `bad-setting` */
export function fixedTokenKeys(secret: string | undefined, publicKey: string | undefined) {
  const keys: TokenKey[] = [];
  // Given the text, jsonwebtoken would try at each token whether it is a public key.
  if (secret !== undefined) {
    keys.push({ key: createSecretKey(Buffer.from(secret)), algorithm: 'HS256' });
  }
  if (publicKey !== undefined) keys.push(publicTokenKey(publicKey));
  return keys;
}

/** A key pair's public half decides the algorithm, so that a token cannot choose it. */
function publicTokenKey(pem: string): TokenKey {
  const key = readPem(pem);
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS) {
    return { key, algorithm: 'RS256' };
  }
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') {
    return { key, algorithm: 'ES256' };
  }
  const found = [key.asymmetricKeyType, namedCurve ?? (modulusLength || '')].join(' ').trim();
  throw badKey(
    `an RSA key of ${MIN_RSA_BITS} bits or an EC key on P-256 is needed, this is ${found}`,
  );
}

function readPem(pem: string): KeyObject {
  // createPublicKey would take the public half of it: a server that only checks tokens must not have the rest.
  if (pem.includes('PRIVATE KEY')) {
    throw badKey(
      'this is a private key, which only the signer of tokens may have: set its public half',
    );
  }
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw badKey((cause as Error).message, cause);
  }
}

function badKey(reason: string, cause?: unknown): TesseraError {
  return new TesseraError('bad-setting', `TESSERA_JWT_PUBLIC_KEY: ${reason}`, { cause });
}
