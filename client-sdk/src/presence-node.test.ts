import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import * as Y from 'yjs';
import { startTestNode, tokenFor } from '../../test/support/tessera.ts';
import { eventually } from '../../test/support/wait.ts';
import { BoardPresence } from './presence.ts';

type Fields = { cursor: { x: number; y: number } };

let node: Awaited<ReturnType<typeof startTestNode>>;
const closing: (() => void)[] = [];

beforeAll(async () => {
  node = await startTestNode();
});
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await eventually(() => node.openSockets === 0);
});
afterAll(() => node.close());

function open(cursor: Fields['cursor']) {
  const socket = new HocuspocusProviderWebsocket({
    url: `${node.url.replace('http', 'ws')}/sync`,
    delay: 50,
    minDelay: 50,
  });
  const presence = new BoardPresence<Fields>({ initial: { cursor } });
  const provider = new HocuspocusProvider({
    name: 'acme/presence',
    document: new Y.Doc(),
    websocketProvider: socket,
    token: tokenFor(),
    onAuthenticated: () => presence.setConnected(true),
    onClose: () => presence.setConnected(false),
  });
  let frames = 0;
  provider.on('outgoingMessage', ({ message }: { message: { type: number } }) => {
    if (message.type === 1) frames += 1;
  });
  provider.attach();
  if (provider.awareness === null) throw new Error('this provider was made with presence');
  presence.attach(provider.awareness);
  closing.push(() => {
    presence.close();
    provider.destroy();
    socket.destroy();
  });
  return { presence, provider, socket, frames: () => frames };
}

test('two tabs on a node see each other, and again at once after one was cut off', async () => {
  const one = open({ x: 1, y: 1 });
  const two = open({ x: 2, y: 2 });
  await eventually(() => one.presence.others[0]?.cursor?.x === 2);
  await eventually(() => two.presence.others[0]?.cursor?.x === 1);
  expect(one.presence.others[0]?.user.id).toBe(two.presence.others[0]?.user.id);
  expect(one.presence.isKnown).toBe(true);

  one.socket.webSocket?.close();
  await eventually(() => !one.presence.isKnown);
  expect(one.presence.others).toEqual([]);
  one.presence.set({ cursor: { x: 5, y: 5 } });
  await eventually(() => two.presence.others[0]?.cursor?.x === 5);
  await eventually(() => one.presence.others[0]?.cursor?.x === 2);
  expect(two.presence.others).toHaveLength(1);

  two.provider.destroy();
  await eventually(() => one.presence.others.length === 0);
});

test('a thousand moves of a cursor in a second are some sixty frames, and all see the last', async () => {
  const one = open({ x: 0, y: 0 });
  const two = open({ x: 0, y: 0 });
  await eventually(() => two.presence.others.length === 1 && one.presence.others.length === 1);
  const before = one.frames();
  const start = performance.now();
  let x = 0;
  await eventually(
    () => {
      for (let moves = 0; moves < 10; moves += 1) {
        x += 1;
        one.presence.set({ cursor: { x, y: 0 } });
      }
      return x >= 1000;
    },
    { what: 'a thousand moves' },
  );
  await eventually(() => two.presence.others[0]?.cursor?.x === x);
  const elapsedMs = performance.now() - start;
  expect(one.frames() - before).toBeLessThanOrEqual(elapsedMs / 16 + 1);
  expect(one.frames() - before).toBeGreaterThan(5);
});
