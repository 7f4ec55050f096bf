import { randomBytes } from 'node:crypto';
import type { TesseraNode } from '@tessera/server';
import * as encoding from 'lib0/encoding';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { RawClient } from '../support/raw-client.ts';
import { startNodeOnPostgres, tokenFor } from '../support/tessera.ts';

const BOARD = 'acme/garbage';

describe('garbage', () => {
  let node: TesseraNode;
  let witness: RawClient;
  let edits = 0;

  beforeAll(async () => {
    node = await startNodeOnPostgres();
    witness = await RawClient.open(node.url, BOARD, tokenFor('witness'));
  });

  /** After each attack the others still edit, are acked, and hold what only they wrote. */
  afterEach(async () => {
    const acks = witness.acks;
    edits += 1;
    witness.edit((doc) => doc.getMap('witness').set('edits', edits));
    await witness.until(() => witness.acks === acks + 1, 'the ack of a bystander');
    expect(witness.doc.share.size).toBe(1);
    expect(witness.closed).toBeUndefined();
  });

  afterAll(async () => {
    await witness.close();
    await node.close();
  });

  const attacker = () => RawClient.open(node.url, BOARD, tokenFor('mallory'));

  async function expectClosed(client: RawClient, code: number, reason: RegExp) {
    const acks = client.acks;
    const closed = await client.untilClosed();
    expect(closed.code).toBe(code);
    expect(closed.reason).toMatch(reason);
    expect(client.acks).toBe(acks);
  }

  it('random bytes on a fresh socket close it with 4400', async () => {
    for (let i = 0; i < 20; i++) {
      const client = new RawClient(node.url, BOARD);
      await client.opened();
      // A first byte of 0x7f promises an address longer than the message.
      client.send(new Uint8Array([0x7f, ...randomBytes(40)]));
      await expectClosed(client, 4400, /malformed/);
    }
  });

  it('what should be a token and is none closes the socket with 4400, and is not printed', async () => {
    const printed = vi.spyOn(console, 'error');
    for (const isOpen of [false, true]) {
      for (const body of [[], [0], [0, 50, 1, 2], [1, 1, 65], [7]]) {
        const client = isOpen ? await attacker() : new RawClient(node.url, BOARD);
        await client.opened();
        client.frame(2, (encoder) => encoding.writeUint8Array(encoder, new Uint8Array(body)));
        await expectClosed(client, 4400, /no token/);
      }
    }
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it('random bytes inside an authenticated board close the socket with 4400 and are never acked', async () => {
    for (let i = 0; i < 20; i++) {
      const client = await attacker();
      client.frame(0, (encoder) => {
        encoding.writeVarUint(encoder, 2);
        encoding.writeVarUint8Array(encoder, new Uint8Array([1, 200, ...randomBytes(20)]));
      });
      await expectClosed(client, 4400, /not a Yjs update/);
    }
  });

  it('bytes that stock Hocuspocus acks are not acked', async () => {
    const client = await attacker();
    client.sendUpdate(new Uint8Array([1, 2, 3]));
    await expectClosed(client, 4400, /not a Yjs update/);
  });

  it('truncated frames close the socket with 4400', async () => {
    const doc = new Y.Doc();
    doc.getText('t').insert(0, 'hello');
    const encoder = encoding.createEncoder();
    encoding.writeVarString(encoder, BOARD);
    encoding.writeVarUint(encoder, 0);
    encoding.writeVarUint(encoder, 2);
    encoding.writeVarUint8Array(encoder, Y.encodeStateAsUpdate(doc));
    const whole = encoding.toUint8Array(encoder);
    for (const length of [BOARD.length + 1, BOARD.length + 2, BOARD.length + 3, whole.length - 1]) {
      const client = await attacker();
      client.send(whole.subarray(0, length));
      await expectClosed(client, 4400, /malformed/);
    }
  });

  it('wrong message types, sync types, presence and state vectors close the socket with 4400', async () => {
    const attacks: ((client: RawClient) => void)[] = [
      (client) => client.frame(77, () => undefined),
      (client) => client.frame(6, (encoder) => encoding.writeVarString(encoder, 'broadcast')),
      (client) => client.frame(8, (encoder) => encoding.writeVarUint(encoder, 1)),
      (client) => client.sync(9, new Uint8Array([0])),
      (client) => client.sync(0, new Uint8Array([250, 250, 250])),
      (client) =>
        client.frame(1, (encoder) =>
          encoding.writeVarUint8Array(encoder, new Uint8Array(9).fill(255)),
        ),
      (client) => client.frame(1, () => undefined),
      (client) => client.send('text'),
      (client) => client.send(new Uint8Array()),
    ];
    for (const attack of attacks) {
      const client = await attacker();
      attack(client);
      await expectClosed(client, 4400, /malformed/);
    }
  });

  it('a board id that is none closes with 4400, a board not granted with 4403', async () => {
    const bad = new RawClient(node.url, 'not a board');
    await bad.opened();
    bad.authenticate(tokenFor());
    await expectClosed(bad, 4400, /is not a board id/);

    const client = new RawClient(node.url, 'other/board');
    await client.opened();
    client.authenticate(tokenFor('mallory', [{ board: 'acme/*', access: 'write' }]));
    await expectClosed(client, 4403, /does not grant/);
    expect(client.permissionDenied).toMatch(/other\/board/);
  });

  it('a frame over the limit closes with 4413', async () => {
    const client = await attacker();
    client.send(new Uint8Array(100 * 1024 * 1024));
    await expectClosed(client, 4413, /too large/);
  });

  it('10,000 frames before a token close with 4529', async () => {
    const client = new RawClient(node.url, BOARD);
    await client.opened();
    for (let i = 0; i < 10_000; i++) client.step1();
    await expectClosed(client, 4529, /before a token/);
  });

  it('a socket opening hundreds of boards without tokens closes with 4529', async () => {
    const client = new RawClient(node.url, BOARD);
    await client.opened();
    for (let i = 0; i < 200; i++) client.frame(3, () => undefined, `acme/board-${i}`);
    await expectClosed(client, 4529, /being opened/);
  });

  it('an update whose structs lean on each other in a circle closes with 4400', async () => {
    const client = await attacker();
    client.sendUpdate(circularUpdate());
    await expectClosed(client, 4400, /circle/);
  });

  it('a held update that turns out bad closes its sender, not who sent what it waited for', async () => {
    const [mallory, ada] = [await attacker(), await attacker()];
    mallory.sendUpdate(circularUpdate(ada.doc.clientID));
    mallory.step1();
    await mallory.until(() => mallory.acks === 2, 'the ack of a sync after the held update');
    const acks = ada.acks;
    ada.edit((doc) => doc.getMap('witness').set('of', 'ada'));
    await expectClosed(mallory, 4400, /circle/);
    await ada.until(() => ada.acks === acks + 1, 'the ack');
    expect(ada.closed).toBeUndefined();
    await ada.close();
  });

  it('updates whose dependencies never come close with 4400 once they are too many', async () => {
    const client = await attacker();
    client.answers = false;
    client.makeUpdate((doc) => doc.getText('t').insert(0, 'never sent'));
    for (let i = 0; i < 12; i++) {
      client.edit((doc) => doc.getText('t').insert(0, 'x'.repeat(100_000)));
    }
    await expectClosed(client, 4400, /depend/);
  });

  it('a WebSocket frame that breaks the protocol closes with 4400', async () => {
    const client = await attacker();
    const { _socket: stream } = client.ws as unknown as { _socket: { write(data: Buffer): void } };
    stream.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await expectClosed(client, 4400, /malformed/);
  });

  it('unknown paths and bad ids on /yjs are refused', async () => {
    const nowhere = new WebSocket(`${node.url.replace('http', 'ws')}/elsewhere`);
    const error = await new Promise<Error>((resolve) => nowhere.once('error', resolve));
    expect(error.message).toMatch(/404/);
    for (const path of ['/yjs/%ff', '/yjs/a%20b', '/yjs/a//b']) {
      const socket = new WebSocket(`${node.url.replace('http', 'ws')}${path}`);
      const code = await new Promise<number>((resolve) => socket.once('close', resolve));
      expect(code).toBe(4400);
    }
  });
});

/** Two clients' structs, each to the right of the other's; the first also to the left of `before`'s. */
function circularUpdate(before?: number): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 2);
  for (const [client, other] of [
    [2, 1],
    [1, 2],
  ] as const) {
    const neighbours = [other, ...(client === 2 && before !== undefined ? [before] : [])];
    encoding.writeVarUint(encoder, 1); // structs
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, 0); // clock
    // A string with an origin, and a right origin if there are two neighbours.
    encoding.writeUint8(encoder, 0x80 | (neighbours.length > 1 ? 0x40 : 0) | 4);
    for (const neighbour of neighbours) {
      encoding.writeVarUint(encoder, neighbour);
      encoding.writeVarUint(encoder, 0);
    }
    encoding.writeVarString(encoder, 'x');
  }
  encoding.writeVarUint(encoder, 0); // delete set
  return encoding.toUint8Array(encoder);
}
