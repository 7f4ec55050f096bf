import { withDatabase } from '../machine/services.ts';
import { contestant, type Recipe, startScript } from './contestant.ts';

const CREATE_DOCUMENTS =
  'CREATE TABLE IF NOT EXISTS documents (name text PRIMARY KEY, data bytea NOT NULL)';

const node: Pick<Recipe, 'protocol' | 'ack' | 'startNode'> = {
  protocol: 'hocuspocus',
  ack: 'received',
  async startNode(env, launcher) {
    const { DATABASE_URL } = env;
    if (DATABASE_URL !== undefined) {
      await withDatabase(DATABASE_URL, (client) => client.query(CREATE_DOCUMENTS));
    }
    return startScript('hocuspocus-node.ts', env, launcher);
  },
};

export const hocuspocus = contestant({
  ...node,
  name: 'hocuspocus',
  title: 'Hocuspocus, in memory',
  nodes: 1,
  hasDatabase: false,
});

export const hocuspocusPostgres = contestant({
  ...node,
  name: 'hocuspocus-postgres',
  title: 'Hocuspocus + PostgreSQL',
  nodes: 1,
  hasDatabase: true,
});

export const hocuspocusTwoNodes = contestant({
  ...node,
  name: 'hocuspocus-two-nodes',
  title: 'Hocuspocus × 2 + PostgreSQL + Redis',
  nodes: 2,
  hasDatabase: true,
  hasRedis: true,
});
