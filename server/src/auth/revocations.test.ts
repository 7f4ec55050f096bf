import { TesseraError } from '@tessera/model';
import { createMemoryRevocationStore, type RevocationStore } from '@tessera/persistence';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/wait.ts';
import { type RevocationOrder, revocationOf } from './revocation-order.ts';
import { Revocations, type RevocationsTimes } from './revocations.ts';

const RULES = { leewayS: 5, maxLifetimeS: 3600 };
const log = { warn: () => undefined, info: () => undefined };
const now = Date.now();
const ada = { actor: 'ada', tokenId: 'one', issuedAt: now - 1000 };

describe('revocations', () => {
  let opened: Revocations[] = [];

  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()));
    opened = [];
  });

  async function start(
    store: RevocationStore = createMemoryRevocationStore(),
    times: Partial<RevocationsTimes> = {},
  ) {
    let enforced = 0;
    const enforce = () => {
      enforced += 1;
      if (enforced === 1) throw new Error('one connection could not be ended');
    };
    const revocations = new Revocations({ store, enforce, log, times });
    opened.push(revocations);
    await revocations.start();
    // Enforcing fails the first time, and what is stored counts all the same.
    const add = (order: RevocationOrder) =>
      revocations.add(revocationOf(order, RULES)).catch(() => undefined);
    const codeFor = (identity: typeof ada, board = 'acme/ops') =>
      revocations.refusalOf(identity, board)?.code;
    return { revocations, add, codeFor, enforced: () => enforced };
  }

  it('refuse the tokens of a user that were issued until then, and no others', async () => {
    const { add, codeFor } = await start();
    await add({ user: 'ada' });
    expect(codeFor(ada)).toBe('token-revoked');
    expect(codeFor({ ...ada, issuedAt: Date.now() + 1000 })).toBeUndefined();
    expect(codeFor({ ...ada, actor: 'bob' })).toBeUndefined();
  });

  it('count a token without iat as issued before', async () => {
    const { add, revocations } = await start();
    await add({ user: 'ada' });
    const refusal = revocations.refusalOf({ ...ada, issuedAt: undefined }, 'acme/ops');
    expect(refusal).toBeInstanceOf(TesseraError);
  });

  it('refuse one token whenever it was issued', async () => {
    const { add, codeFor } = await start();
    await add({ token: 'one' });
    expect(codeFor({ ...ada, issuedAt: Date.now() + 1000 })).toBe('token-revoked');
    expect(codeFor({ ...ada, tokenId: 'two' })).toBeUndefined();
  });

  it('refuse everybody on one board, or one user on one board', async () => {
    const { add, codeFor } = await start();
    await add({ board: 'acme/ops' });
    await add({ user: 'bob', board: 'acme/hr' });
    expect(codeFor(ada)).toBe('token-revoked');
    expect(codeFor(ada, 'acme/hr')).toBeUndefined();
    expect(codeFor({ ...ada, actor: 'bob' }, 'acme/hr')).toBe('token-revoked');
    expect(codeFor({ ...ada, actor: 'bob' }, 'acme/it')).toBeUndefined();
  });

  it('keep a banned user out with newer tokens too, with the code that says not to get one', async () => {
    const { add, codeFor } = await start();
    await add({ user: 'ada' });
    await add({ user: 'ada', until: 'forever' });
    await add({ user: 'bob', until: new Date(Date.now() + 60_000) });
    const later = Date.now() + 1000;
    expect(codeFor({ ...ada, issuedAt: later })).toBe('not-granted');
    expect(codeFor(ada)).toBe('not-granted');
    expect(codeFor({ ...ada, actor: 'bob', issuedAt: later })).toBe('not-granted');
  });

  it('end when their time is over', async () => {
    const { add, codeFor } = await start();
    await add({ user: 'ada', until: new Date(Date.now() + 300) });
    expect(codeFor(ada)).toBe('not-granted');
    await eventually(() => codeFor(ada) === undefined);
  });

  it('hold for as long as a token issued before can live', () => {
    const { until = 0, issuedUntil = 0 } = revocationOf({ user: 'ada' }, RULES);
    expect(until - issuedUntil).toBeGreaterThanOrEqual((3600 + 5) * 1000);
  });

  it('are found when another node has stored them, told or not', async () => {
    const store = createMemoryRevocationStore();
    const told = await start(store, { lookEveryMs: 60_000 });
    const looking = await start(store, { lookEveryMs: 20 });
    const writing = await start(store);
    await writing.add({ user: 'ada' });
    await eventually(() => looking.codeFor(ada) === 'token-revoked');
    expect(told.codeFor(ada)).toBeUndefined();
    told.revocations.told();
    await eventually(() => told.codeFor(ada) === 'token-revoked');
  });

  it('are enforced again after that failed, also when no newer ones come', async () => {
    const { add, enforced } = await start(createMemoryRevocationStore(), { lookEveryMs: 10 });
    await add({ user: 'ada' });
    await eventually(() => enforced() >= 3);
  });

  it('hold while the store is away, and the newer ones are read when it is back', async () => {
    const store = createMemoryRevocationStore();
    let isAway = false;
    let failures = 0;
    const shaky: RevocationStore = {
      add: store.add,
      async list(after) {
        if (!isAway) return store.list(after);
        failures += 1;
        throw new TesseraError('database-away');
      },
    };
    const { codeFor } = await start(shaky, { lookEveryMs: 10 });
    await store.add(revocationOf({ user: 'ada' }, RULES));
    await eventually(() => codeFor(ada) === 'token-revoked');
    isAway = true;
    await eventually(() => failures > 2);
    await store.add(revocationOf({ user: 'bob' }, RULES));
    expect(codeFor(ada)).toBe('token-revoked');
    isAway = false;
    await eventually(() => codeFor({ ...ada, actor: 'bob' }) === 'token-revoked');
  });

  it('are all read anew from time to time, as a database may have lost some and their ids', async () => {
    let store = createMemoryRevocationStore();
    const current: RevocationStore = {
      add: (revocation) => store.add(revocation),
      list: (after) => store.list(after),
    };
    const { add, codeFor } = await start(current, { lookEveryMs: 10, readAllEveryMs: 100 });
    await add({ user: 'ada' });
    await add({ user: 'ada' });
    store = createMemoryRevocationStore();
    await store.add(revocationOf({ user: 'bob' }, RULES));
    await eventually(() => codeFor({ ...ada, actor: 'bob' }) === 'token-revoked');
    expect(codeFor(ada)).toBeUndefined();
  });

  it.each([
    [{}, /nothing to revoke/],
    [{ user: 'x'.repeat(300) }, /user: it needs 1 to 255 characters, and has 300/],
    [{ user: 'ada', until: new Date(0) }, /date that is still to come/],
    [{ user: 'ada', until: new Date('nonsense') }, /date that is still to come/],
    [{ board: 'a b' }, /board id/],
  ])('cannot be made of %j', (order, problem) => {
    expect(() => revocationOf(order, RULES)).toThrow(problem);
  });
});
