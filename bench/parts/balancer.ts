import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { startBalancer } from '../../test/support/balancer.ts';
import { cpuMs, descendantsOf, residentKiB } from '../machine/machine.ts';

const IDLE_CLIENTS = 4_000;
const CLIENTS_AT_ONCE = 100;
const SETTLE_MS = 1_000;
const ECHOES = 30_000;
const FRAME_BYTES = 150;

/** The load balancer of deploy/ between clients and servers that only echo. */
export async function measureBalancer(): Promise<Record<string, number>> {
  const servers = await Promise.all([startEchoServer(), startEchoServer()]);
  const [first, second] = servers.map((server) => (server.address() as AddressInfo).port);
  const balancer = await startBalancer([first ?? 0, second ?? 0]);
  const [pid = 0] = await descendantsOf(balancer.pid);
  const clients = await connect(balancer.url, CLIENTS_AT_ONCE);
  await delay(SETTLE_MS);
  const before = await residentKiB(pid);
  while (clients.length < IDLE_CLIENTS + CLIENTS_AT_ONCE) {
    clients.push(...(await connect(balancer.url, CLIENTS_AT_ONCE)));
  }
  await delay(SETTLE_MS);
  const grownKiB = (await residentKiB(pid)) - before;

  const cpuBefore = await cpuMs([pid]);
  const through = await echo(clients.slice(0, CLIENTS_AT_ONCE));
  const cpuUs = 1_000 * ((await cpuMs([pid])) - cpuBefore);
  const direct = await connect(`http://127.0.0.1:${first}`, CLIENTS_AT_ONCE);
  const without = await echo(direct);

  for (const client of [...clients, ...direct]) client.terminate();
  await balancer.close();
  for (const server of servers) server.close();
  return {
    'KiB in the balancer for an idle client': grownKiB / IDLE_CLIENTS,
    'µs of CPU in the balancer a frame': cpuUs / (2 * ECHOES),
    'ms there and back by way of the balancer, median': through,
    'ms there and back without it, median': without,
  };
}

async function startEchoServer(): Promise<Server> {
  const server = createServer((_, response) => response.end());
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (frame) => socket.send(frame));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function connect(url: string, count: number): Promise<WebSocket[]> {
  const clients = Array.from(
    { length: count },
    () => new WebSocket(`${url.replace('http', 'ws')}/sync`),
  );
  await Promise.all(clients.map((client) => once(client, 'open')));
  return clients;
}

/** Each client in turn, one frame on its way at a time; the median of the times, in ms. */
async function echo(clients: readonly WebSocket[]): Promise<number> {
  const frame = Buffer.alloc(FRAME_BYTES);
  const times: number[] = [];
  while (times.length < ECHOES) {
    for (const client of clients) {
      const startedAt = performance.now();
      client.send(frame);
      await once(client, 'message');
      times.push(performance.now() - startedAt);
    }
  }
  times.sort((a, b) => a - b);
  return times[times.length / 2] ?? Number.NaN;
}
