import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { PING, packMessage, writePacked } from './packed-message.ts';

const servers: WebSocketServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Both ends of a connection. */
async function connect(): Promise<[client: WebSocket, server: WebSocket]> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  servers.push(server);
  await once(server, 'listening');
  const connected = once(server, 'connection');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket] = (await connected) as [WebSocket];
  await once(client, 'open');
  return [client, socket];
}

test.each([0, 1, 125, 126, 65_535, 65_536])(
  'a message of %i bytes arrives whole, before and after others',
  async (length) => {
    const [client, socket] = await connect();
    const received: Buffer[] = [];
    const all = new Promise<void>((resolve) => {
      client.on('message', (data: Buffer, isBinary) => {
        expect(isBinary).toBe(true);
        if (received.push(data) === 3) resolve();
      });
    });
    const message = new Uint8Array(length).fill(7);
    socket.send(Buffer.from('before'));
    writePacked(socket, packMessage(message));
    socket.send(Buffer.from('after'));
    await all;
    expect(received.map(String)).toEqual(['before', String(Buffer.from(message)), 'after']);
    client.terminate();
  },
);

test('a ping is answered', async () => {
  const [client, socket] = await connect();
  const pong = once(socket, 'pong');
  writePacked(socket, PING);
  await pong;
  client.terminate();
});
