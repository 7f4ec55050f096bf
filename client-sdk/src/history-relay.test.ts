import { createWidget, readBoard, setState } from '@tessera/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { BoardHistory } from './history.ts';

const me = 'me';
const seed = process.env['TEST_SEED'];
const runs = Number(process.env['TEST_RUNS'] ?? 2_000);

const who = fc.nat(2);
const step = fc.oneof(
  fc.record({ who, what: fc.constantFrom('set', 'undo', 'redo', 'undo all') }),
  fc.record({ who, what: fc.constantFrom('send', 'receive') }),
);

/** A client that makes steps of its own, and hears of the others' over a server. */
function clientOf(clientId: number, server: Y.Doc) {
  const doc = new Y.Doc();
  doc.clientID = clientId;
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(server), 'remote');
  const history = new BoardHistory({ mergeWithinMs: 0 });
  history.attach(doc, [me]);
  const client = { doc, history, sends: [] as Uint8Array[], receives: [] as Uint8Array[] };
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'remote') client.sends.push(update);
  });
  return client;
}
type Client = ReturnType<typeof clientOf>;

test('a key that nobody removes is never missing, whoever undoes what while others set it', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.shuffledSubarray([2, 3, 4], { minLength: 3 }),
      (steps, ids) => {
        const server = new Y.Doc();
        server.clientID = 1;
        createWidget(server, { id: 'w', type: 't', version: 1, state: { k: 0 } });
        const clients = ids.map((id) => clientOf(id, server));
        // A server hands on what it makes of an update: values that lost there lack their content.
        server.on('update', (update: Uint8Array, from: unknown) => {
          for (const client of clients) if (client !== from) client.receives.push(update);
        });
        const stateOf = (doc: Y.Doc) => readBoard(doc).widgets['w']?.state;
        let count = 0;
        const take = (client: Client, what: string) => {
          const { doc, history, sends, receives } = client;
          count += 1;
          if (what === 'set') setState(doc, 'w', { k: count }, me);
          else if (what === 'undo') history.undo();
          else if (what === 'redo') history.redo();
          else if (what === 'undo all') while (history.undo());
          else if (what === 'send') {
            for (const update of sends.splice(0)) Y.applyUpdate(server, update, client);
          } else for (const update of receives.splice(0)) Y.applyUpdate(doc, update, 'remote');
          expect(stateOf(doc)).toHaveProperty('k');
        };
        for (const { who, what } of steps) take(clients[who] as Client, what);
        for (const what of ['send', 'receive', 'undo all', 'send', 'receive']) {
          for (const client of clients) take(client, what);
        }
        for (const { doc, history } of clients) {
          expect(stateOf(doc)).toEqual(stateOf(server));
          history.close();
        }
      },
    ),
    { numRuns: runs, ...(seed === undefined ? {} : { seed: Number(seed) }) },
  );
});
