import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startProxy, type TcpProxy } from './proxy.ts';
import { eventually } from './wait.ts';

/** A server that sends back what it gets. */
const echo = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket));
let proxy: TcpProxy;
const clients: Client[] = [];

interface Client {
  socket: Socket;
  got: string;
  error: string | undefined;
}

async function open(): Promise<Client> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port });
  const client: Client = { socket, got: '', error: undefined };
  clients.push(client);
  socket.setEncoding('utf8').on('data', (text: string) => {
    client.got += text;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    client.error = error.code;
  });
  await once(socket, 'connect');
  return client;
}

async function exchange(client: Client, text: string): Promise<void> {
  client.socket.write(text);
  await eventually(() => client.got.endsWith(text));
}

beforeEach(async () => {
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await startProxy({ port: (echo.address() as AddressInfo).port });
});

afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

describe('a proxy', () => {
  it('passes bytes both ways, and the end of a connection', async () => {
    const client = await open();
    const long = 'x'.repeat(3_000_000);
    await exchange(client, long);
    client.socket.end('bye');
    await once(client.socket, 'close');
    expect(client.got).toBe(`${long}bye`);
    await eventually(() => proxy.connections === 0);
  });

  it('keeps user, database and query of an address', () => {
    expect(proxy.url('postgres://me:secret@db:5432/boards?x=1')).toBe(
      `postgres://me:secret@127.0.0.1:${proxy.port}/boards?x=1`,
    );
  });

  it('resets what is open and refuses what is new while it is cut, and works again', async () => {
    const client = await open();
    await exchange(client, 'one');
    await proxy.cut();
    await eventually(() => client.error === 'ECONNRESET');
    await expect(open()).rejects.toThrow('ECONNREFUSED');
    await proxy.restore();
    await exchange(await open(), 'two');
  });

  it('lets what a black hole held flow on, for old and new connections', async () => {
    const old = await open();
    await exchange(old, 'one');
    proxy.blackHole();
    old.socket.write('two');
    const young = await open();
    young.socket.write('three');
    await expect(eventually(() => old.got !== 'one', { timeoutMs: 100 })).rejects.toThrow();
    expect(young.got).toBe('');
    await proxy.restore();
    await eventually(() => old.got === 'onetwo' && young.got === 'three');
  });

  it('tells no end and no failure through a black hole, before it is restored', async () => {
    const leaving = await open();
    const failing = await open();
    await exchange(leaving, 'one');
    await exchange(failing, 'one');
    proxy.blackHole();
    leaving.socket.end();
    failing.socket.resetAndDestroy();
    const left = () => proxy.connections < 2;
    await expect(eventually(left, { timeoutMs: 100 })).rejects.toThrow();
    await proxy.restore();
    await once(leaving.socket, 'close');
    await eventually(() => proxy.connections === 0);
  });

  it('resets what a black hole held when asked to', async () => {
    const client = await open();
    await exchange(client, 'one');
    proxy.blackHole();
    client.socket.write('two');
    await proxy.restore({ held: 'reset' });
    await eventually(() => client.error === 'ECONNRESET');
    expect(client.got).toBe('one');
  });
});
