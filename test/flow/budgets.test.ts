import { parseSettings, startNode, type TesseraNode } from '@tessera/server';
import * as encoding from 'lib0/encoding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  crowd,
  hostileToBoards,
  hostileUpdate,
  hostileUpdates,
} from '../../model/src/test-hostile.ts';
import { createTestLog } from '../../server/src/test-log.ts';
import { onDatabase } from '../support/log.ts';
import { createDatabase } from '../support/postgres.ts';
import { RawClient } from '../support/raw-client.ts';
import { expectSound, SECRET, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const hostile = { ...hostileUpdates, ...hostileToBoards };

describe('updates that hold more than an update may', () => {
  let databaseUrl: string;
  let node: TesseraNode;
  let witness: RawClient;
  let elsewhere: RawClient;
  const { log, messages: logged } = createTestLog();

  beforeAll(async () => {
    databaseUrl = await createDatabase();
    const env = { DATABASE_URL: databaseUrl, PORT: '0', TESSERA_JWT_SECRET: SECRET };
    node = await startNode(parseSettings([], { ...env, TESSERA_DRAIN_MS: '0' }), log);
    witness = await RawClient.open(node.url, 'acme/attacked', tokenFor('ada'));
    elsewhere = await RawClient.open(node.url, 'acme/elsewhere', tokenFor('bob'));
  });

  afterAll(async () => {
    await Promise.all([witness.close(), elsewhere.close()]);
    await node.close();
    await expectSound(databaseUrl);
  });

  async function edit(client: RawClient): Promise<void> {
    const acks = client.acks;
    client.edit((doc) => doc.getMap('edits').set('acks', acks));
    await client.until(() => client.acks === acks + 1, 'the ack of a bystander');
  }

  const rowsOf = async (board: string) =>
    onDatabase(databaseUrl, async (client) => {
      const sql = 'SELECT count(*)::int AS count FROM updates WHERE board = $1';
      return (await client.query(sql, [board])).rows[0].count;
    });

  async function expectHarmless(attack: () => Promise<{ code: number; reason: string }>) {
    const rows = await rowsOf('acme/attacked');
    const { code, reason } = await attack();
    expect(code).toBe(4413);
    expect(reason).toMatch(/too large: the (update|board) .*, at most \d+ are/);
    await Promise.all([edit(witness), edit(elsewhere)]);
    expect([witness.closed, elsewhere.closed]).toEqual([undefined, undefined]);
    expect(witness.doc.share.size).toBe(1);
    expect(await rowsOf('acme/attacked')).toBe(rows + 1);
    expect(logged).toEqual([]);
  }

  it.each(Object.keys(hostile))(
    'too many %s: only their sender is closed, on /sync',
    async (what) => {
      await expectHarmless(async () => {
        const client = await RawClient.open(node.url, 'acme/attacked', tokenFor('mallory'));
        client.sendUpdate(hostile[what]?.() ?? new Uint8Array());
        const closed = await client.untilClosed();
        expect(client.acks).toBe(1);
        return closed;
      });
    },
  );

  it.each(Object.keys(hostile))(
    'too many %s: only their sender is closed, on /yjs',
    async (what) => {
      await expectHarmless(async () => {
        const url = `${node.url.replace('http', 'ws')}/yjs/acme/attacked?token=${tokenFor('mallory')}`;
        const socket = new WebSocket(url);
        await new Promise((resolve) => socket.once('open', resolve));
        const closed = new Promise<{ code: number; reason: string }>((resolve) => {
          socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
        });
        const encoder = encoding.createEncoder();
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarUint(encoder, 2);
        encoding.writeVarUint8Array(encoder, hostile[what]?.() ?? new Uint8Array());
        socket.send(encoding.toUint8Array(encoder));
        return closed;
      });
    },
  );

  it('an update that takes too long to merge: the board is loaded anew, without anything of it', async () => {
    await edit(witness);
    const [rows, content] = [await rowsOf('acme/attacked'), witness.doc.getMap('edits').toJSON()];
    const client = await RawClient.open(node.url, 'acme/attacked', tokenFor('mallory'));
    client.sendUpdate(hostileUpdate([crowd(20_000)]));
    const { code, reason } = await client.untilClosed();
    expect(code).toBe(4413);
    expect(reason).toMatch(/merging the update takes too long/);
    const sentAway = await witness.untilClosed();
    expect(sentAway.code).toBe(4500);
    expect(sentAway.reason).toContain('acme/attacked');
    await edit(elsewhere);
    expect(await rowsOf('acme/attacked')).toBe(rows);

    await eventually(() => node.loadedBoards === 1, { what: 'the board to be unloaded' });
    witness = await RawClient.open(node.url, 'acme/attacked', tokenFor('ada'));
    expect([...witness.doc.share.keys()]).toEqual(['edits']);
    expect(witness.doc.getMap('edits').toJSON()).toEqual(content);
    await edit(witness);
    expect(logged).toEqual(['an update failed halfway']);
  });
});
