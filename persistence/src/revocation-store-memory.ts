import type { RevocationStore, StoredRevocation } from './revocation-store.ts';

/** A list that ends with the process: for unit tests. */
export function createMemoryRevocationStore(): RevocationStore {
  let lastId = 0;
  let revocations: StoredRevocation[] = [];
  const holds = ({ until = Number.POSITIVE_INFINITY }: StoredRevocation) => until > Date.now();
  return {
    async add(revocation) {
      lastId += 1;
      revocations = [...revocations.filter(holds), { ...revocation, id: lastId }];
    },

    async list(after) {
      return revocations.filter((each) => each.id > after && holds(each));
    },
  };
}
