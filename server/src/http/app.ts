import { STATUS_CODES } from 'node:http';
import { TesseraError } from '@tessera/model';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import type { NodeMetrics } from '../metrics.ts';
import { addHealthRoutes, type Readiness } from './health.ts';
import { addHygiene, limits, refuseBadRequest } from './hygiene.ts';
import type { OriginCheck } from './origins.ts';
import { addPages, type Page } from './pages.ts';

export interface AppOptions {
  log: Logger;
  readiness: () => Promise<Readiness>;
  metrics: Pick<NodeMetrics, 'contentType' | 'text'>;
  isAllowedOrigin: OriginCheck;
  /** What is served besides; none by default. */
  pages?: readonly Page[];
  /** Outside production: makes a development token for a board, for somebody of this name or a random guest. */
  developmentToken: ((board: string, name?: string) => DevelopmentToken) | undefined;
}

export interface DevelopmentToken {
  token: string;
  url: string;
  board: string;
  actor: string;
}

/** The HTTP side of a node. WebSocket upgrades are handled by `socket/accept.ts` on the same server. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = options.log;
  const app = Fastify({
    ...limits,
    // A connection that has said nothing yet would be waited for until its time is up, for minutes.
    forceCloseConnections: true,
    loggerInstance,
    clientErrorHandler: refuseBadRequest,
    frameworkErrors: sendProblem,
    logController: new LogController({ disableRequestLogging: true }),
  });
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request) => {
    const error = new Error(
      `there is nothing at ${request.method} ${request.url.split('?', 1)[0]}`,
    );
    throw Object.assign(error, { statusCode: 404 });
  });
  await addHygiene(app, options.isAllowedOrigin);
  addHealthRoutes(app, options.readiness);
  app.get('/metrics', async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.text()),
  );
  const { developmentToken } = options;
  if (developmentToken !== undefined) {
    app.get<{ Querystring: { board?: string; name?: string } }>('/dev/token', (request) =>
      developmentToken(request.query.board ?? '', request.query.name),
    );
  }
  await addPages(app, options.pages ?? []);
  return app;
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = describeError(error);
  if (known.status >= 500) request.log.error({ err: error }, 'a request failed');
  const problem = { type: 'about:blank', ...known };
  return reply.code(known.status).type('application/problem+json').send(problem);
}

/** What a client may know of an error: everything about its own mistakes, nothing about ours. */
function describeError(error: unknown): { status: number; title: string; detail: string } {
  if (error instanceof TesseraError) {
    return { status: error.httpStatus, title: error.code, detail: error.message };
  }
  const { statusCode, message } = error as { statusCode?: unknown; message?: string };
  const isTheirs = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return isTheirs
    ? { status: statusCode, title: STATUS_CODES[statusCode] ?? 'error', detail: message ?? '' }
    : { status: 500, title: 'error', detail: 'the request failed' };
}
