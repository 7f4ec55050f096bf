import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TesseraError } from '@tessera/model';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../../../test/support/wait.ts';
import { Outgoing, type OutgoingOptions } from './outgoing.ts';
import { Transfers } from './transfers.ts';
import { hocuspocusWire } from './wire.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** More than the kernel takes of a connection nobody reads from. */
const LARGE_BYTES = 12_000_000;
const large = Buffer.alloc(LARGE_BYTES, 'large');
const small = (text: string) => Buffer.from(text);

/** One connection: what a server sends, and what its client gets. */
async function connect(options: Partial<OutgoingOptions> = {}) {
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  const [ws] = (await once(server, 'connection')) as [WebSocket];
  await once(client, 'open');
  closing.push(() => {
    client.terminate();
    server.close();
    http.close();
  });
  const received: string[] = [];
  client.on('message', (data: Buffer) => {
    received.push(data.byteLength > 1_000 ? `${data.byteLength} bytes` : String(data));
    if (data.byteLength === LARGE_BYTES) expect(data.equals(large)).toBe(true);
  });
  const errors: string[] = [];
  const channel = {
    isBehind: false,
    caughtUp: 0,
    catchUp() {
      channel.isBehind = false;
      channel.caughtUp += 1;
    },
  };
  const owner = {
    channels: [channel],
    end: ({ code }: TesseraError) => void errors.push(code),
  };
  const slow = { times: 0 };
  const outgoing = new Outgoing(
    ws,
    hocuspocusWire,
    {
      slowOutgoingBytes: 100_000,
      maxOutgoingBytes: 1_000_000,
      transfers: new Transfers(),
      slowed: () => (slow.times += 1),
      ...options,
    },
    owner,
  );
  closing.push(() => outgoing.close());
  return { client, ws, outgoing, received, errors, channel, slow };
}

test('what is sent behind a large message comes behind it, in order, and large ones one by one', async () => {
  const { outgoing, received } = await connect();
  outgoing.sendFrame(small('first'));
  outgoing.sendFrame(large.subarray(0, 8), large.subarray(8));
  outgoing.sendFrame(small('second'));
  outgoing.sendPacked(outgoing.pack(small('third')));
  outgoing.sendFrame(large);
  outgoing.sendFrame(small('last'));
  await eventually(() => received.includes('last'));
  const whole = `${LARGE_BYTES} bytes`;
  expect(received).toEqual(['first', whole, 'second', 'third', whole, 'last']);
}, 20_000);

test('a ping that comes in between is answered before the message is through', async () => {
  const { ws, client, outgoing, received } = await connect();
  client.pause();
  outgoing.sendFrame(large);
  await eventually(() => ws.bufferedAmount > 0);
  outgoing.ping();
  client.resume();
  await once(ws, 'pong');
  expect(received).toEqual([]);
  await eventually(() => received.length === 1);
});

test('of a message to whom reads nothing only a part is taken out, and others get theirs', async () => {
  const transfers = new Transfers();
  const [asleep, awake] = [await connect({ transfers }), await connect({ transfers })];
  asleep.client.pause();
  asleep.outgoing.sendFrame(large);
  awake.outgoing.sendFrame(large);
  await eventually(() => awake.received.length === 1);
  expect(asleep.ws.bufferedAmount).toBeGreaterThan(0);
  expect(asleep.ws.bufferedAmount).toBeLessThan(300_000);
  asleep.client.resume();
  await eventually(() => asleep.received.length === 1);
});

test('while a large message is on its way the rest is put off, and made up for behind it', async () => {
  const { outgoing, received, channel, slow } = await connect();
  expect(outgoing.isSlow).toBe(false);
  outgoing.sendFrame(large);
  expect(outgoing.isSlow).toBe(true);
  channel.isBehind = true;
  await eventually(() => received.length === 1);
  await eventually(() => !outgoing.isSlow);
  expect([channel.caughtUp, slow.times]).toEqual([1, 0]);
});

test('who reads too slowly is caught up with later, and who reads nothing is ended', async () => {
  const { client, outgoing, channel, errors, slow } = await connect();
  client.pause();
  const packed = outgoing.pack(Buffer.alloc(50_000));
  await eventually(() => {
    for (let n = 0; n < 20 && !outgoing.isSlow; n += 1) outgoing.sendPacked(packed);
    return outgoing.isSlow;
  });
  channel.isBehind = true;
  expect(slow.times).toBe(1);
  client.resume();
  await eventually(() => !outgoing.isSlow);
  expect(channel.caughtUp).toBe(1);
  client.pause();
  await eventually(() => {
    outgoing.sendPacked(packed);
    return errors.length > 0;
  });
  expect(errors[0]).toBe('reader-too-slow');
});

test('what piles up behind a large message counts as well', async () => {
  const { client, outgoing, errors } = await connect();
  client.pause();
  outgoing.sendFrame(large);
  const packed = outgoing.pack(Buffer.alloc(100_000));
  for (let n = 0; n < 9; n += 1) outgoing.sendPacked(packed);
  expect(errors).toEqual([]);
  outgoing.sendPacked(packed);
  expect(errors).toEqual(['reader-too-slow']);
});

test('more large messages than may wait end who reads nothing, however large the first is', async () => {
  const { client, outgoing, errors } = await connect({ maxOutgoingBytes: 2 * LARGE_BYTES });
  client.pause();
  for (let n = 0; n < 3; n += 1) outgoing.sendFrame(large.subarray(0, 4), large.subarray(4));
  expect(errors).toEqual([]);
  outgoing.sendFrame(large);
  expect(errors).toEqual(['reader-too-slow']);
});

test('what was counted as waiting is not any more once it is sent', async () => {
  const { outgoing, received, errors } = await connect({ maxOutgoingBytes: 1.5 * LARGE_BYTES });
  for (let n = 1; n <= 3; n += 1) {
    outgoing.sendFrame(large);
    outgoing.sendFrame(large);
    outgoing.sendFrame(small('behind'));
    await eventually(() => received.length === 3 * n);
  }
  expect(errors).toEqual([]);
}, 20_000);

test('a connection that ends in the middle of a message leaves the others theirs', async () => {
  const transfers = new Transfers();
  const [leaving, staying] = [await connect({ transfers }), await connect({ transfers })];
  leaving.client.pause();
  leaving.outgoing.sendFrame(large);
  await eventually(() => leaving.ws.bufferedAmount > 0);
  leaving.client.terminate();
  await once(leaving.ws, 'close');
  staying.outgoing.sendFrame(large);
  await eventually(() => staying.received.length === 1);
});
