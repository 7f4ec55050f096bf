import type { GroupNode, Nodes } from '../support/nodes.ts';
import type { TcpProxy } from '../support/proxy.ts';
import type { Redis } from '../support/redis.ts';
import type { Fault, Lane } from './faults.ts';
import type { RoamingClient } from './roaming-client.ts';

/** The clients that are connected to a node. */
export type ClientsOn = (url: string | undefined) => RoamingClient[];

/** Each node by itself: it dies, ends, stands still, or loses PostgreSQL, without which it would not start. */
export function nodeLanes(nodes: Nodes, clientsOn: ClientsOn): Lane[] {
  return nodes.all.map((node) => [
    { name: `${node.name} killed`, begin: () => node.kill(), end: () => node.start() },
    deathWithClients(node, clientsOn),
    { name: `${node.name} stopped`, begin: () => node.stop(), end: () => node.start() },
    { name: `${node.name} frozen`, begin: () => node.freeze(), end: () => node.thaw() },
    ...proxyLane(`between ${node.name} and PostgreSQL`, node.database),
  ]);
}

/** Each node by itself is cut off from Redis. */
export function wireLanes(nodes: Nodes): Lane[] {
  return nodes.all.flatMap(({ name, redis }) =>
    redis === undefined ? [] : [proxyLane(`between ${name} and Redis`, redis)],
  );
}

/** What only this node and its clients knew is in nobody's memory any more: it has to be in the log. */
export function deathWithClients(node: GroupNode, clientsOn: ClientsOn): Fault {
  return {
    name: `${node.name} killed, with everybody on it`,
    async begin() {
      const onIt = clientsOn(node.url);
      await node.kill();
      for (const client of onIt) client.closeTab();
    },
    end: () => node.start(),
  };
}

/** One Redis, or one master of a cluster. */
export function redisLane(name: string, redis: Redis): Lane {
  return [
    {
      name: `${name} frozen`,
      begin: () => process.kill(redis.pid, 'SIGSTOP'),
      end: () => process.kill(redis.pid, 'SIGCONT'),
    },
    { name: `${name} stopped`, begin: () => redis.stop(), end: () => redis.start() },
    { name: `${name} killed`, begin: () => redis.kill(), end: () => redis.start() },
  ];
}

/** A connection is cut, or hangs and goes on, or hangs and is cut then. */
function proxyLane(where: string, proxy: TcpProxy): Lane {
  return [
    { name: `cut ${where}`, begin: () => proxy.cut(), end: () => proxy.restore() },
    { name: `silence ${where}`, begin: () => proxy.blackHole(), end: () => proxy.restore() },
    {
      name: `silence, then a cut ${where}`,
      begin: () => proxy.blackHole(),
      end: () => proxy.restore({ held: 'reset' }),
    },
  ];
}
