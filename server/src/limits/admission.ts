import { Seats } from './seats.ts';

export interface AdmissionLimits {
  readonly maxSocketsPerAddress: number;
  readonly maxSocketsPerUser: number;
  /** Connections that have not shown a token yet. */
  readonly maxTokenlessSockets: number;
}

/** What there was too much of. */
export type SeatLimit = EntryLimit | 'user';
/** What a connection can be refused for before it is one. */
export type EntryLimit = 'address' | 'tokenless';

/** The place of one connection among those of its address and its user. */
export interface Seat {
  /** Its token was accepted; false if its user has too many connections. */
  identified(actor: string): boolean;
  leave(): void;
}

/** Keeps the connections to a node, at any time, within their numbers. */
export class Admission {
  readonly #addresses: Seats;
  readonly #users: Seats;
  readonly #tokenless: Seats;
  readonly #refused: (limit: SeatLimit) => void;

  constructor(limits: AdmissionLimits, refused: (limit: SeatLimit) => void) {
    this.#addresses = new Seats(limits.maxSocketsPerAddress);
    this.#users = new Seats(limits.maxSocketsPerUser);
    this.#tokenless = new Seats(limits.maxTokenlessSockets);
    this.#refused = refused;
  }

  /** A seat for a connection from this address, or what there is too much of. */
  enter(address: string): Seat | EntryLimit {
    const fromAddress = this.#addresses.take(address);
    if (fromAddress === undefined) {
      this.#refused('address');
      return 'address';
    }
    const tokenless = this.#tokenless.take('');
    if (tokenless === undefined) {
      fromAddress();
      this.#refused('tokenless');
      return 'tokenless';
    }
    let ofUser: (() => void) | undefined;
    let actor: string | undefined;
    return {
      identified: (now) => {
        tokenless();
        if (now === actor) return true;
        ofUser?.();
        actor = now;
        ofUser = this.#users.take(now);
        if (ofUser === undefined) this.#refused('user');
        return ofUser !== undefined;
      },
      leave: () => {
        tokenless();
        fromAddress();
        ofUser?.();
      },
    };
  }
}
