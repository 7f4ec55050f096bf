import { placeOf, type RedisAddress } from './redis-address.ts';

/** Which master serves which slots. */
export interface SlotMap {
  /** The master of each slot, by its place; undefined for a slot that none serves. */
  readonly owners: readonly (string | undefined)[];
  readonly masters: ReadonlyMap<string, RedisAddress>;
}

const SLOTS = 16_384;

/**
 * Reads the answer to CLUSTER SLOTS: a list of `[first, last, [host, port, …], replicas …]`.
 * A server that does not know a host name leaves it empty: then it is where the server is that was asked.
 */
export function readSlotMap(answer: unknown, asked: RedisAddress): SlotMap {
  const owners = new Array<string | undefined>(SLOTS).fill(undefined);
  const masters = new Map<string, RedisAddress>();
  for (const [first, last, master] of answer as [number, number, [string | null, number]][]) {
    const [host, port] = master;
    const address = { host: host && host !== '?' ? host : asked.host, port };
    const place = placeOf(address);
    masters.set(place, address);
    owners.fill(place, first, last + 1);
  }
  return { owners, masters };
}
