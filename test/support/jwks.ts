import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';

/** A key pair of whoever signs tokens, and its public half as it stands in a JWK Set. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicPem: string;
  readonly jwk: Record<string, unknown>;
  sign(claims: object, options?: jwt.SignOptions): string;
}

export function makeSigningKey(algorithm: 'RS256' | 'ES256', kid: string): SigningKey {
  const { privateKey, publicKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privateKey,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' },
    sign: (claims, options) =>
      jwt.sign(claims, privateKey, { algorithm, keyid: kid, expiresIn: 60, ...options }),
  };
}

/** Serves a JWK Set on loopback, and can be away for a while. */
export class JwksServer {
  keys: readonly SigningKey[];
  /** How often it was asked, away or not. */
  requests = 0;
  /** Answers 503 while set. */
  isAway = false;
  readonly #server: Server;

  private constructor(keys: readonly SigningKey[]) {
    this.keys = keys;
    this.#server = createServer((_request, response) => {
      this.requests += 1;
      response.statusCode = this.isAway ? 503 : 200;
      response.end(JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }));
    });
  }

  static async start(keys: readonly SigningKey[]): Promise<JwksServer> {
    const jwks = new JwksServer(keys);
    jwks.#server.listen(0, '127.0.0.1');
    await once(jwks.#server, 'listening');
    return jwks;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
