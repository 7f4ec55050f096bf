import { contestant, startScript } from './contestant.ts';

export const yWebsocket = contestant({
  name: 'y-websocket',
  title: '@y/websocket-server',
  protocol: 'y-websocket',
  nodes: 1,
  ack: undefined,
  hasDatabase: false,
  startNode: (env, launcher) => startScript('y-websocket-node.ts', env, launcher),
});
