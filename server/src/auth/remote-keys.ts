import { KeyObject, type webcrypto } from 'node:crypto';
import { TesseraError } from '@tessera/model';
import { createLocalJWKSet, type JSONWebKeySet, errors as joseErrors } from 'jose';
import type { Logger } from 'pino';

/** What a token's header says of its key. */
export interface KeyHint {
  alg: 'RS256' | 'ES256';
  kid?: string;
}

export interface RemoteKeysOptions {
  url: string;
  log: Pick<Logger, 'warn' | 'info'>;
  times?: Partial<RemoteKeysTimes>;
}

const defaults = {
  /** A key that was taken out of the set is refused after this time at most. */
  refreshEveryMs: 5 * 60_000,
  /** Tokens with unknown keys make us ask this often at most, whether we were answered or not. */
  coolDownMs: 10_000,
  answerWithinMs: 5_000,
};

export type RemoteKeysTimes = typeof defaults;

type KeySet = ReturnType<typeof createLocalJWKSet>;

/**
 * The keys behind TESSERA_JWKS_URL. Keys once fetched are used until newer ones come, however long their
 * server is away; a token whose key is unknown makes us ask again, as keys may have been rotated.
 *
 * jose chooses and imports the key. Its own cache is not used: it forgets old keys when the server is
 * away, and its cool-down does not count requests that failed.
 */
export class RemoteKeys {
  readonly #url: string;
  readonly #log: RemoteKeysOptions['log'];
  readonly #times: RemoteKeysTimes;
  readonly #timer: NodeJS.Timeout;
  readonly #closed = new AbortController();
  #keys: KeySet | undefined;
  #kids: ReadonlySet<unknown> = new Set();
  #askedAt = Number.NEGATIVE_INFINITY;
  /** When the request was sent whose answer we have. */
  #answeredFor = Number.NEGATIVE_INFINITY;
  #failure: Error | undefined;
  #asking: Promise<void> | undefined;

  /** Asks for the keys at once, and waits for nothing. */
  constructor({ url, log, times }: RemoteKeysOptions) {
    this.#url = url;
    this.#log = log;
    this.#times = { ...defaults, ...times };
    void this.#refresh();
    this.#timer = setInterval(() => void this.#refresh(), this.#times.refreshEveryMs);
  }

  /**
   * The one key of the set that fits.
   * @throws TesseraError `token-invalid` when there is none, `keys-away` when that cannot be said now
   */
  async find(hint: KeyHint): Promise<KeyObject> {
    const startedAt = performance.now();
    const known = await this.#choose(hint);
    if (known !== undefined) return known;
    if (hint.kid !== undefined && this.#kids.has(hint.kid)) {
      throw new TesseraError('token-invalid', `its key is not for ${hint.alg}`);
    }
    await this.#asking;
    if (startedAt - this.#askedAt >= this.#times.coolDownMs) await this.#refresh();
    const found = await this.#choose(hint);
    if (found !== undefined) return found;
    const key =
      hint.kid === undefined ? 'no key' : `no key ${JSON.stringify(hint.kid.slice(0, 64))}`;
    // Only an answer to a question asked after the token came says that its key does not exist.
    if (this.#answeredFor >= startedAt) {
      throw new TesseraError('token-invalid', `the server of keys has ${key} for ${hint.alg}`);
    }
    const why = this.#failure?.message ?? 'its server was asked a moment ago';
    throw new TesseraError('keys-away', `${why}, there was ${key}`);
  }

  /** Idempotent. */
  close(): void {
    clearInterval(this.#timer);
    this.#closed.abort();
  }

  async #choose({ alg, kid }: KeyHint): Promise<KeyObject | undefined> {
    if (this.#keys === undefined) return undefined;
    try {
      const key = await this.#keys({ alg, ...(kid !== undefined && { kid }) });
      return KeyObject.from(key as webcrypto.CryptoKey);
    } catch (error) {
      if (error instanceof joseErrors.JWKSNoMatchingKey) return undefined;
      if (error instanceof joseErrors.JWKSMultipleMatchingKeys) {
        throw new TesseraError(
          'token-invalid',
          `several keys fit ${alg}: its header has to name one as its kid`,
        );
      }
      throw new TesseraError('token-invalid', 'its key cannot be used', { cause: error });
    }
  }

  /** All callers share one request. Never rejects. */
  #refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<void> {
    const askedAt = performance.now();
    this.#askedAt = askedAt;
    try {
      const limit = AbortSignal.timeout(this.#times.answerWithinMs);
      const signal = AbortSignal.any([limit, this.#closed.signal]);
      const response = await fetch(this.#url, { signal, headers: { accept: 'application/json' } });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const set = (await response.json()) as JSONWebKeySet;
      this.#keys = createLocalJWKSet(set);
      this.#kids = new Set(set.keys.map(({ kid }) => kid));
      this.#answeredFor = askedAt;
      if (this.#failure !== undefined) this.#log.info('the keys of TESSERA_JWKS_URL are back');
      this.#failure = undefined;
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      this.#failure = new Error(`its server fails (${reasonOf(error)})`);
      this.#log.warn({ err: this.#failure }, 'the keys of TESSERA_JWKS_URL cannot be fetched');
    }
  }
}

/** Node says only "fetch failed", and the reason in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const { code } = (cause ?? {}) as { code?: string };
  return code ?? message;
}
