import { startNodeProcess, tokenFor } from '../../test/support/tessera.ts';
import { contestant, type Recipe } from './contestant.ts';

/** All clients of a run come from one address. Every other setting is the default. */
const ONE_ADDRESS = {
  TESSERA_MAX_SOCKETS_PER_ADDRESS: '100000',
  TESSERA_MAX_TOKENLESS_SOCKETS: '100000',
};

const node: Pick<Recipe, 'protocol' | 'ack' | 'tokenFor' | 'startNode'> = {
  protocol: 'hocuspocus',
  ack: 'saved',
  tokenFor: (actor) => tokenFor(actor),
  async startNode(env, launcher) {
    const started = await startNodeProcess({ ...ONE_ADDRESS, ...env }, undefined, launcher);
    return {
      url: started.url,
      pid: started.process.pid ?? Number.NaN,
      kill: () => started.kill(),
    };
  },
};

export const tesseraEmbedded = contestant({
  ...node,
  name: 'tessera-embedded',
  title: 'Tessera, embedded store',
  nodes: 1,
  hasDatabase: false,
});

export const tesseraPostgres = contestant({
  ...node,
  name: 'tessera-postgres',
  title: 'Tessera + PostgreSQL',
  nodes: 1,
  hasDatabase: true,
});

export const tesseraTwoNodes = contestant({
  ...node,
  name: 'tessera-two-nodes',
  title: 'Tessera × 2 + PostgreSQL + Redis',
  nodes: 2,
  hasDatabase: true,
  hasRedis: true,
});
