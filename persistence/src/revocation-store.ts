/** Tokens that are no longer accepted: those that fit everything given here. Times in milliseconds since 1970. */
export interface Revocation {
  /** Their `sub`. At least one of this and the next two is given. */
  actor: string | undefined;
  /** Their `jti`. */
  tokenId: string | undefined;
  /** The board they are shown for. */
  board: string | undefined;
  /** Issued then or before; undefined: whenever. */
  issuedUntil: number | undefined;
  /** Until when this holds; undefined: for ever. */
  until: number | undefined;
  reason: string;
}

export interface StoredRevocation extends Revocation {
  /** Later ones have larger ids. */
  id: number;
}

/** The list of revocations. Every implementation passes `revocation-store.contract.ts`. */
export interface RevocationStore {
  /** Adds one, and forgets those that have had their time. */
  add(revocation: Revocation): Promise<void>;

  /** Those with ids above `after` that hold now, in the order of their ids. None is skipped that comes later. */
  list(after: number): Promise<StoredRevocation[]>;
}
