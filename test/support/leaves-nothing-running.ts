import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect } from 'vitest';
import { eventually } from './wait.ts';

/**
 * Runs around every test file and fails it when it leaves a process, a thread, a socket or a server
 * running. Timers are left out, because the test runner has some of its own.
 */
const children = new Set<ChildProcess>();
subscribe('child_process', (message) => {
  const { process: child } = message as { process: ChildProcess };
  children.add(child);
  child.once('exit', () => children.delete(child));
  // One that could not be started.
  child.once('error', () => child.pid === undefined && children.delete(child));
});
// Nothing may outlive the tests, neither when this worker ends early nor when its runner was killed.
process.on('exit', killChildren);
process.on('disconnect', () => process.exit(1));

function killChildren(): void {
  for (const child of children) child.kill('SIGKILL');
}

const threads = new Set<Worker>();
process.on('worker', (thread: Worker) => {
  threads.add(thread);
  thread.once('exit', () => threads.delete(thread));
});

function sockets(): string[] {
  return process.getActiveResourcesInfo().filter((resource) => resource.startsWith('TCP'));
}

let socketsBefore: number;

function leftovers(): string[] {
  return [
    ...[...children].map((child) => `process ${child.pid}: ${child.spawnargs.join(' ')}`),
    ...[...threads].map((thread) => `thread ${thread.threadId}`),
    ...sockets().slice(socketsBefore),
  ];
}

beforeAll(() => {
  socketsBefore = sockets().length;
});

afterAll(async () => {
  // What was told to close in the last test may still be at it.
  const done = () => leftovers().length === 0;
  await eventually(done, { timeoutMs: 3000 }).catch(() => {
    const left = leftovers();
    killChildren();
    expect(left, 'the tests of this file left something running').toEqual([]);
  });
});
