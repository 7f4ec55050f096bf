import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { encodeEntry, joinEntries, splitEntries } from '../sync/presence-codec.ts';
import { Backlog } from './backlog.ts';

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31);

test(`whatever was put off, one update makes up for it (TEST_SEED=${seed})`, () => {
  const step = fc.record({
    writer: fc.nat(2),
    key: fc.constantFrom('a', 'b'),
    what: fc.constantFrom('set', 'type', 'delete'),
    isSlow: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const [server, reader] = [new Y.Doc(), new Y.Doc()];
      const writers = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
      const backlog = new Backlog(server);
      let isBehind = false;
      server.on('update', (update: Uint8Array) => {
        for (const writer of writers) Y.applyUpdate(writer, update, 'server');
        if (isBehind) backlog.addUpdate(update);
        else Y.applyUpdate(reader, update);
      });
      for (const writer of writers) {
        writer.on('update', (update: Uint8Array, origin) => {
          if (origin !== 'server') Y.applyUpdate(server, update);
        });
      }
      for (const [index, { writer, key, what, isSlow }] of steps.entries()) {
        isBehind ||= isSlow;
        const doc = writers[writer] ?? server;
        if (what === 'set') doc.getMap('m').set(key, index);
        else if (what === 'type') doc.getText(key).insert(0, `${index}`);
        else if (doc.getText(key).length > 0) doc.getText(key).delete(0, 1);
      }
      const { update } = backlog.take();
      if (update !== undefined) Y.applyUpdate(reader, update);
      expect(reader.store.pendingStructs).toBeNull();
      expect(Y.encodeStateAsUpdate(reader)).toEqual(Y.encodeStateAsUpdate(server));
    }),
    { seed, numRuns: 300 },
  );
});

test('is small when little was put off', () => {
  const server = new Y.Doc();
  server.getText('t').insert(0, 'long '.repeat(10_000));
  const backlog = new Backlog(server);
  server.on('update', (update: Uint8Array) => backlog.addUpdate(update));
  server.getText('t').insert(0, 'more');
  expect(backlog.take().update?.byteLength).toBeLessThan(100);
});

test('of presence the newest entry of each client is kept', () => {
  const backlog = new Backlog(new Y.Doc());
  const [old, gone, other] = [
    encodeEntry(1, 5, '{"x":1}'),
    encodeEntry(1, 6, 'null'),
    encodeEntry(70_000, 2, '{"name":"Zoë"}'),
  ];
  backlog.addPresence(joinEntries([old, other]));
  backlog.addPresence(joinEntries([gone]));
  const { presence, update } = backlog.take();
  expect(update).toBeUndefined();
  expect(splitEntries(presence ?? new Uint8Array())).toEqual(
    new Map([
      [1, gone],
      [70_000, other],
    ]),
  );
});
