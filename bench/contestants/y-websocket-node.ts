/** One node of `@y/websocket-server`, in memory, with the `ws` that all others here run on. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setupWSConnection } from '@y/websocket-server/utils';
import { WebSocketServer } from 'ws';

const server = createServer((_, response) => response.end());
new WebSocketServer({ server }).on('connection', setupWSConnection);
server.listen(Number(process.env['PORT']), '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
process.stdin.on('end', () => process.exit()).resume();
