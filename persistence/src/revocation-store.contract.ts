import { beforeAll, describe, expect, it } from 'vitest';
import type { Revocation, RevocationStore } from './revocation-store.ts';

const HOUR_MS = 3_600_000;

const revocation = (given: Partial<Revocation>): Revocation => ({
  actor: undefined,
  tokenId: undefined,
  board: undefined,
  issuedUntil: undefined,
  until: undefined,
  reason: 'a test',
  ...given,
});

/** What every list of revocations does. */
export function describeRevocationStore(name: string, open: () => Promise<RevocationStore>): void {
  describe(name, () => {
    let store: RevocationStore;

    beforeAll(async () => {
      store = await open();
    }, 60_000);

    const newest = async () => (await store.list(0)).at(-1)?.id ?? 0;

    it('gives back what was added, to the millisecond and in order', async () => {
      const now = Date.now();
      const added = [
        revocation({ actor: "o'hara", issuedUntil: now, until: now + HOUR_MS }),
        revocation({ tokenId: 'one token', until: now + HOUR_MS }),
        revocation({ actor: 'ada', board: 'acme/ops', reason: 'gone — for good' }),
      ];
      const before = await newest();
      for (const each of added) await store.add(each);
      const listed = await store.list(before);
      expect(listed.map(({ id: _id, ...each }) => each)).toEqual(added);
    });

    it('lists nothing up to an id', async () => {
      await store.add(revocation({ actor: 'first' }));
      const first = await newest();
      await store.add(revocation({ actor: 'second' }));
      expect((await store.list(first)).map(({ actor }) => actor)).toEqual(['second']);
      expect(await store.list(await newest())).toEqual([]);
    });

    it('leaves out what has had its time', async () => {
      const before = await newest();
      await store.add(revocation({ actor: 'over', until: Date.now() - HOUR_MS }));
      await store.add(revocation({ actor: 'still', until: Date.now() + HOUR_MS }));
      expect((await store.list(before)).map(({ actor }) => actor)).toEqual(['still']);
    });

    it('never shows an id before a smaller one, whoever adds at the same time', async () => {
      let seen = await newest();
      const found: string[] = [];
      let adding = true;
      const look = async () => {
        for (const { id, actor } of await store.list(seen)) {
          seen = id;
          found.push(actor ?? '');
        }
      };
      const looking = (async () => {
        while (adding) {
          await look();
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      const actors = Array.from({ length: 60 }, (_, index) => `actor-${index}`);
      await Promise.all(actors.map((actor) => store.add(revocation({ actor }))));
      adding = false;
      await looking;
      await look();
      expect(found.toSorted()).toEqual(actors.toSorted());
    });
  });
}
