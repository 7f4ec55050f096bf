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
  readonly addresses: Seats;
  readonly users: Seats;
  readonly tokenless: Seats;
  readonly refused: (limit: SeatLimit) => void;

  constructor(limits: AdmissionLimits, refused: (limit: SeatLimit) => void) {
    this.addresses = new Seats(limits.maxSocketsPerAddress);
    this.users = new Seats(limits.maxSocketsPerUser);
    this.tokenless = new Seats(limits.maxTokenlessSockets);
    this.refused = refused;
  }

  /** A seat for a connection from this address, or what there is too much of. */
  enter(address: string): Seat | EntryLimit {
    if (!this.addresses.take(address)) {
      this.refused('address');
      return 'address';
    }
    if (!this.tokenless.take(NOBODY)) {
      this.addresses.leave(address);
      this.refused('tokenless');
      return 'tokenless';
    }
    return new TakenSeat(this, address);
  }
}

const NOBODY = '';

class TakenSeat implements Seat {
  readonly #admission: Admission;
  readonly #address: string;
  /** Undefined until a token was accepted. */
  #actor: string | undefined;
  #isOfUser = false;
  #hasLeft = false;

  constructor(admission: Admission, address: string) {
    this.#admission = admission;
    this.#address = address;
  }

  identified(actor: string): boolean {
    if (actor === this.#actor || this.#hasLeft) return true;
    this.#leaveUser();
    this.#actor = actor;
    this.#isOfUser = this.#admission.users.take(actor);
    if (!this.#isOfUser) this.#admission.refused('user');
    return this.#isOfUser;
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#leaveUser();
    this.#admission.addresses.leave(this.#address);
  }

  /** Its place among those of its user, or among those without one. */
  #leaveUser(): void {
    const { users, tokenless } = this.#admission;
    if (this.#actor === undefined) tokenless.leave(NOBODY);
    else if (this.#isOfUser) users.leave(this.#actor);
  }
}
