import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import { TesseraError } from '@tessera/model';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import { addHealthRoutes, type Readiness } from './health.ts';

export interface AppOptions {
  log: Logger;
  readiness: () => Promise<Readiness>;
  /** Outside production: makes a development token for a board. */
  developmentToken: ((board: string) => DevelopmentToken) | undefined;
}

export interface DevelopmentToken {
  token: string;
  url: string;
  board: string;
  actor: string;
}

const pages = fileURLToPath(new URL('../../../examples/quickstart/dist', import.meta.url));

/** The HTTP side of a node. WebSocket upgrades are handled by `socket/accept.ts` on the same server. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = options.log;
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
  });
  app.setErrorHandler((error, request, reply) => {
    const known =
      error instanceof TesseraError
        ? { status: error.httpStatus, title: error.code, detail: error.message }
        : { status: statusOf(error), title: 'error', detail: 'the request failed' };
    if (known.status >= 500) request.log.error({ err: error }, 'a request failed');
    const problem = { type: 'about:blank', ...known };
    return reply.code(known.status).type('application/problem+json').send(problem);
  });
  addHealthRoutes(app, options.readiness);
  const { developmentToken } = options;
  if (developmentToken !== undefined) {
    app.get<{ Querystring: { board?: string } }>('/dev/token', (request) =>
      developmentToken(request.query.board ?? ''),
    );
    if (existsSync(pages)) await app.register(fastifyStatic, { root: pages });
  }
  return app;
}

function statusOf(error: unknown): number {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 ? status : 500;
}
