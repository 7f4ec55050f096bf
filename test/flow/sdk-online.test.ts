import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { BoardSocket } from '../../client-sdk/src/board-socket.ts';

const page = new EventTarget();
vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));

const atEnd: (() => void)[] = [];
afterEach(() => {
  for (const end of atEnd.splice(0)) end();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A socket whose first attempt has failed, and whose next one is a minute away. */
async function startOffline(port: number): Promise<BoardSocket> {
  const url = `ws://127.0.0.1:${port}`;
  const socket = new BoardSocket({ url, delay: 60_000, minDelay: 60_000, jitter: false });
  atEnd.push(() => socket.destroy());
  await new Promise<void>((failed) => socket.on('close', () => failed()));
  return socket;
}

test('connects as soon as there is a network again', async () => {
  const port = await freePort();
  const socket = await startOffline(port);
  const server = new WebSocketServer({ port, host: '127.0.0.1' });
  atEnd.push(() => server.close());
  page.dispatchEvent(new Event('online'));
  await vi.waitUntil(() => socket.status === 'connected', { timeout: 10_000 });
});

test('stays away when it was told to', async () => {
  const port = await freePort();
  const socket = await startOffline(port);
  socket.disconnect();
  const connect = vi.spyOn(socket, 'connect');
  page.dispatchEvent(new Event('online'));
  expect(connect).not.toHaveBeenCalled();
  socket.shouldConnect = true;
  socket.destroy();
  page.dispatchEvent(new Event('online'));
  expect(connect).not.toHaveBeenCalled();
});
