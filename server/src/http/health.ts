import type { FastifyInstance } from 'fastify';

/** `ready` answers 200; `degraded` too, with reasons; `unready` answers 503, so that no traffic comes. */
export interface Readiness {
  status: 'ready' | 'degraded' | 'unready';
  reasons: string[];
}

export function addHealthRoutes(app: FastifyInstance, readiness: () => Promise<Readiness>): void {
  app.get('/livez', () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const answer = await readiness();
    return reply.code(answer.status === 'unready' ? 503 : 200).send(answer);
  });
}
