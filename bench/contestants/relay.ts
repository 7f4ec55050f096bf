import { contestant, type Recipe, startScript } from './contestant.ts';

/** The floor: a relay that only passes frames on. What a server takes above it is its own doing. */
const relay = (
  how: 'send' | 'frame-once',
): Pick<Recipe, 'protocol' | 'ack' | 'nodes' | 'hasDatabase' | 'startNode'> => ({
  protocol: 'hocuspocus',
  ack: 'received',
  nodes: 1,
  hasDatabase: false,
  startNode: (env, launcher) => startScript('relay-node.ts', { ...env, RELAY: how }, launcher),
});

export const relaySend = contestant({
  ...relay('send'),
  name: 'relay',
  title: 'bare relay, a `send` per socket',
});

export const relayFrameOnce = contestant({
  ...relay('frame-once'),
  name: 'relay-frame-once',
  title: 'bare relay, one frame for all',
});
