import { once } from 'node:events';
import { createServer } from 'node:http';
import { duplexPair } from 'node:stream';
import {
  createCompactor,
  createMemoryBoardStore,
  createMemoryQuarantineStore,
} from '@tessera/persistence';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { WriteGuard } from '../../server/src/auth/write-guard.ts';
import { ContentRules } from '../../server/src/content/board-content.ts';
import { LocalWire } from '../../server/src/fanout/fanout-local.ts';
import { Admission } from '../../server/src/limits/admission.ts';
import { Traffic } from '../../server/src/limits/traffic.ts';
import { NodeMetrics } from '../../server/src/metrics.ts';
import { SocketServer } from '../../server/src/socket/accept.ts';
import { Boards } from '../../server/src/sync/boards.ts';
import { createTestLog } from '../../server/src/test-log.ts';
import { FrameType, frameHead, SyncType, tokenFrame, varBytes } from '../load/protocol.ts';
import { Editor, largeBoard } from './board.ts';
import type { Micro, MicroGroup } from './micro.ts';

const AT_ONCE = 50;
const READERS = 49;
const NO_LIMIT = 1e12;

/** Edits through whole sockets of a node, on streams in memory: no network and no PostgreSQL is in it. */
export async function socketMicros(): Promise<MicroGroup> {
  const node = startParts();
  return {
    name: 'whole sockets in memory, both ends: CPU until the ack',
    micros: [
      await editsOf(node, { atOnce: 1, readers: 0 }),
      await editsOf(node, { atOnce: AT_ONCE, readers: 0 }),
      await editsOf(node, { atOnce: 1, readers: READERS }),
    ],
    close: node.close,
  };
}

interface Crowd {
  readonly atOnce: number;
  /** Who are sent what the writer sends, each. */
  readonly readers: number;
}

async function editsOf(node: Parts, { atOnce, readers }: Crowd): Promise<Micro> {
  const board = `bench/${atOnce}-${readers}`;
  const typeAt = frameHead(board).length;
  let expected = 0;
  let arrived = Promise.withResolvers<void>();
  const expect = (frames: number) => {
    expected = frames;
    arrived = Promise.withResolvers();
    return arrived.promise;
  };
  const join = async (type: number): Promise<WebSocket> => {
    const ws = await node.connect();
    ws.on('close', (code) => arrived.reject(new Error(`a socket was closed with ${code}`)));
    ws.on('message', (frame: Buffer) => {
      if (frame[typeAt] !== type) return;
      expected -= 1;
      if (expected === 0) arrived.resolve();
    });
    return ws;
  };
  /** The answer to SyncStep1 and the question that comes with it; the writer's is acked. */
  const open = async (ws: WebSocket, frames: number) => {
    const opened = expect(frames);
    ws.send(tokenFrame(board, 'any'));
    ws.send(syncFrame(board, SyncType.step1, NO_STATE));
    if (frames === 1) ws.send(syncFrame(board, SyncType.step2, Y.encodeStateAsUpdate(start)));
    await opened;
  };
  const start = largeBoard();
  const writer = await join(FrameType.syncStatus);
  await open(writer, 1);
  for (let reader = 0; reader < readers; reader += 1) {
    await open(await join(FrameType.sync), 2);
  }
  const editor = new Editor(start);
  let frames: Buffer[] = [];
  return {
    name:
      readers === 0
        ? `${atOnce} at a time, nobody else`
        : `${atOnce} at a time, to ${readers} others`,
    times: atOnce,
    waits: true,
    prepare: () => {
      frames = editor.take(atOnce).map((edit) => syncFrame(board, SyncType.update, edit));
    },
    async run() {
      const done = expect(atOnce + readers);
      for (const frame of frames) writer.send(frame);
      await done;
    },
  };
}

function syncFrame(board: string, type: number, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHead(board, FrameType.sync, type), varBytes(payload)]);
}

const NO_STATE = new Uint8Array([0]);

type Parts = ReturnType<typeof startParts>;

/** What of a node stands between a socket and the store. */
function startParts() {
  const { log } = createTestLog();
  const metrics = new NodeMetrics();
  const store = createMemoryBoardStore();
  const permit = {
    identity: {
      actor: 'somebody',
      name: undefined,
      color: undefined,
      grants: [],
      tokenId: undefined,
      issuedAt: undefined,
      expiresAt: Number.MAX_SAFE_INTEGER,
    },
    guard: new WriteGuard({ access: 'write' }),
    isVisible: true,
  };
  const refused = () => undefined;
  const boards = new Boards({
    store,
    quarantine: createMemoryQuarantineStore(store),
    storeIsShared: false,
    connect: (events) => new LocalWire().connect(events),
    counters: metrics,
    compactor: createCompactor(store, { onFailure: (_, error) => log.error(error) }),
    authorize: async () => permit,
    revocations: { refusalOf: () => undefined, told: () => undefined },
    nodeId: 'bench',
    maxPending: {},
    maxJoinsPerSecond: NO_LIMIT,
    rules: new ContentRules({
      maxBytes: NO_LIMIT,
      maxWidgets: NO_LIMIT,
      schemas: undefined,
      refused,
    }),
    log,
  });
  const rate = { frames: NO_LIMIT, bytes: NO_LIMIT };
  const traffic = new Traffic({
    limits: { perConnection: rate, perUser: rate, workPerUser: NO_LIMIT },
    heldBack: () => undefined,
  });
  const most = 100_000;
  const admission = new Admission(
    { maxSocketsPerAddress: most, maxSocketsPerUser: most, maxTokenlessSockets: most },
    () => undefined,
  );
  const server = createServer();
  new SocketServer(server, {
    boards,
    traffic,
    admission,
    maxBoardsPerSocket: 10,
    maxFrameBytes: 1e9,
    maxOutgoingBytes: 1e9,
    isAllowedOrigin: () => true,
    trustedProxies: 0,
    log,
  });
  return {
    async connect(): Promise<WebSocket> {
      const [theirs, ours] = duplexPair();
      server.emit('connection', theirs);
      const ws = new WebSocket('ws://node/sync', {
        perMessageDeflate: false,
        createConnection: () => ours,
      });
      await once(ws, 'open');
      return ws;
    },
    async close() {
      traffic.close();
      await boards.journal.close();
      await boards.replication.close();
    },
  };
}
