import { TesseraError } from '@tessera/model';
import type { Revocation, RevocationStore, StoredRevocation } from '@tessera/persistence';
import type { Logger } from 'pino';
import type { Identity } from './token.ts';

export interface RevocationsOptions {
  store: RevocationStore;
  /** Ends open connections that are revoked. Called at every look, so that none is missed for good. */
  enforce(): void;
  log: Pick<Logger, 'warn' | 'info'>;
  times?: Partial<RevocationsTimes>;
}

const defaults = {
  /** How late a node hears of a revocation when nobody tells it. */
  lookEveryMs: 2_000,
  /** All of them are read anew, which finds those that a database lost in a failover or that were deleted. */
  readAllEveryMs: 5 * 60_000,
};

export type RevocationsTimes = typeof defaults;

/** The part of an identity that revocations are about. */
export type Revocable = Pick<Identity, 'actor' | 'tokenId' | 'issuedAt'>;

/**
 * What is revoked, as the table says, kept in memory: a token is checked without a query, also while the
 * database is away.
 */
export class Revocations {
  readonly #options: RevocationsOptions;
  readonly #times: RevocationsTimes;
  #lists = new Lists();
  #lastId = 0;
  #readAllAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failing = false;

  constructor(options: RevocationsOptions) {
    this.#options = options;
    this.#times = { ...defaults, ...options.times };
  }

  /** Reads all there are, and from then on what is new. @throws what the store throws */
  async start(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => this.told(), this.#times.lookEveryMs);
  }

  /** Why a token is not accepted for a board; undefined if it is. */
  refusalOf(identity: Revocable, board: string): TesseraError | undefined {
    const found = this.#lists.find(identity, board);
    if (found === undefined) return undefined;
    const { issuedUntil, tokenId, reason } = found;
    // A newer token would be accepted, so the client is told to get one; otherwise not to try.
    const helps = issuedUntil !== undefined || tokenId !== undefined;
    return new TesseraError(helps ? 'token-revoked' : 'not-granted', reason);
  }

  /** Stores it; when this resolves, this node acts on it. */
  async add(revocation: Revocation): Promise<void> {
    await this.#options.store.add(revocation);
    await this.look();
  }

  /** Resolves when everything is known that was stored before the call. */
  look(): Promise<void> {
    if (this.#looking === undefined) return this.#begin();
    // The look under way may have read before what this is about: all who ask now share the one after it.
    this.#next ??= this.#looking.then(ignore, ignore).then(() => {
      this.#next = undefined;
      return this.#looking ?? this.#begin();
    });
    return this.#next;
  }

  /** There may be new ones. When they cannot be read now, the next time will do. */
  told(): void {
    this.look().then(
      () => this.#report(undefined),
      (error) => this.#report(error),
    );
  }

  /** Resolves when no look is under way any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await (this.#next ?? this.#looking)?.then(ignore, ignore);
  }

  #report(error: unknown): void {
    if (error !== undefined && !this.#failing) {
      this.#options.log.warn({ err: error }, 'revocations cannot be read; those known still hold');
    } else if (error === undefined && this.#failing) {
      this.#options.log.info('revocations can be read again');
    }
    this.#failing = error !== undefined;
  }

  #begin(): Promise<void> {
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const now = performance.now();
    const isWhole = now - this.#readAllAt >= this.#times.readAllEveryMs;
    const found = await this.#options.store.list(isWhole ? 0 : this.#lastId);
    if (isWhole) {
      this.#readAllAt = now;
      this.#lists = new Lists();
    }
    for (const each of found) this.#lists.add(each);
    this.#lastId = found.at(-1)?.id ?? (isWhole ? 0 : this.#lastId);
    if (!this.#lists.isEmpty) this.#options.enforce();
  }
}

/** Revocations by the narrowest thing they name, so that few are compared with a token. */
class Lists {
  readonly #byToken = new Map<string, Revocation[]>();
  readonly #byActor = new Map<string, Revocation[]>();
  readonly #byBoard = new Map<string, Revocation[]>();

  get isEmpty(): boolean {
    return this.#byToken.size + this.#byActor.size + this.#byBoard.size === 0;
  }

  add({ id: _id, ...revocation }: StoredRevocation): void {
    const { actor, tokenId, board } = revocation;
    if (tokenId !== undefined) put(this.#byToken, tokenId, revocation);
    else if (actor !== undefined) put(this.#byActor, actor, revocation);
    else if (board !== undefined) put(this.#byBoard, board, revocation);
  }

  /** Of several, one that no newer token gets around. */
  find(identity: Revocable, board: string): Revocation | undefined {
    const candidates = [
      ...((identity.tokenId !== undefined && this.#byToken.get(identity.tokenId)) || []),
      ...(this.#byActor.get(identity.actor) ?? []),
      ...(this.#byBoard.get(board) ?? []),
    ];
    const fitting = candidates.filter((each) => fits(each, identity, board));
    return fitting.find(({ issuedUntil }) => issuedUntil === undefined) ?? fitting[0];
  }
}

function put(lists: Map<string, Revocation[]>, key: string, revocation: Revocation): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [revocation]);
  else list.push(revocation);
}

function fits(revocation: Revocation, identity: Revocable, board: string): boolean {
  const { actor, tokenId, board: onBoard, issuedUntil, until } = revocation;
  return (
    (actor === undefined || actor === identity.actor) &&
    (tokenId === undefined || tokenId === identity.tokenId) &&
    (onBoard === undefined || onBoard === board) &&
    (issuedUntil === undefined || (identity.issuedAt ?? 0) <= issuedUntil) &&
    (until === undefined || until > Date.now())
  );
}

const ignore = () => undefined;
