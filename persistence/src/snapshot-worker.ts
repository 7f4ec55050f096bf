import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import type { Snapshot } from './board-store.ts';
import { type PackedBoard, unpackBoard } from './packed-board.ts';
import { buildSnapshot } from './snapshot.ts';

// On Linux a thread has a priority of its own: on a busy machine, sockets come before snapshots.
if (process.platform === 'linux') setPriority(10);

export type SnapshotResponse = { snapshot: Snapshot } | { failure: string };

parentPort?.on('message', (packed: PackedBoard) => {
  try {
    const snapshot = buildSnapshot(unpackBoard(packed));
    const response: SnapshotResponse = { snapshot };
    parentPort?.postMessage(response, [snapshot.bytes.buffer as ArrayBuffer]);
  } catch (error) {
    const response: SnapshotResponse = { failure: (error as Error).message };
    parentPort?.postMessage(response);
  }
});
