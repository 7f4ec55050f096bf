/**
 * A relay on `ws` that knows no documents: it passes edits and presence on to the others on the board, and
 * acks edits at once. It answers the opening with an empty document, so that clients can begin.
 * `RELAY=send` gives every socket the message; `RELAY=frame-once` builds its WebSocket frame once and
 * writes the same bytes to every socket.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import * as wsModule from 'ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { FrameType, frameHead, Reader, SyncType, varBytes } from '../load/protocol.ts';

const { PORT, RELAY } = process.env;
const EMPTY_UPDATE = new Uint8Array([0, 0]);
const EMPTY_STATE_VECTOR = new Uint8Array([0]);
const AUTHENTICATED = 2;

const boards = new Map<string, Set<WebSocket>>();

function relay(message: Buffer, from: WebSocket, members: ReadonlySet<WebSocket>): void {
  if (RELAY === 'send') {
    for (const member of members) if (member !== from) member.send(message);
    return;
  }
  const options = { fin: true, opcode: 2, mask: false, readOnly: true, rsv1: false };
  const frame = Buffer.concat(Sender.frame(message, options));
  for (const member of members) if (member !== from) socketOf(member).write(frame);
}

/** Neither is in the types of `ws` 8.23: what this form is about is to go below its `send`. */
const { Sender } = wsModule as unknown as {
  Sender: { frame(data: Buffer, options: object): Buffer[] };
};
function socketOf(ws: WebSocket): Socket {
  return (ws as unknown as { _socket: Socket })._socket;
}

function receive(ws: WebSocket, message: Buffer): void {
  const reader = new Reader(message);
  const board = reader.bytes().toString();
  const type = reader.uint();
  let members = boards.get(board);
  if (type === FrameType.auth) {
    members ??= new Set();
    boards.set(board, members.add(ws));
    ws.once('close', () => members?.delete(ws));
    const scope = varBytes(Buffer.from('read-write'));
    ws.send(Buffer.concat([frameHead(board, FrameType.auth, AUTHENTICATED), scope]));
  } else if (type === FrameType.awareness) {
    if (members) relay(message, ws, members);
  } else if (type === FrameType.sync) {
    sync(ws, board, reader.uint(), () => members && relay(message, ws, members));
  }
}

function sync(ws: WebSocket, board: string, type: number, pass: () => void): void {
  if (type === SyncType.step1) {
    const step = (step: number, payload: Uint8Array) =>
      ws.send(Buffer.concat([frameHead(board, FrameType.sync, step), varBytes(payload)]));
    step(SyncType.step2, EMPTY_UPDATE);
    step(SyncType.step1, EMPTY_STATE_VECTOR);
    return;
  }
  if (type === SyncType.update) pass();
  ws.send(frameHead(board, FrameType.syncStatus, 1));
}

const server = createServer((_, response) => response.end());
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (ws) => {
  ws.on('message', (message: Buffer) => receive(ws, message));
});
server.listen(Number(PORT), '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
process.stdin.on('end', () => process.exit()).resume();
