import type { ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { OriginCheck } from './origins.ts';
import { problemText } from './problem.ts';

/** Of a request over HTTP; nothing needs a token in its URL. */
const MAX_URL_CHARACTERS = 8 * 1024;

/** What the server itself puts up with, before any route has a say. */
export const limits = {
  bodyLimit: 1024 * 1024,
  /** For the request as a whole. */
  requestTimeout: 30_000,
  /** Longer than those of the proxies in front: else one sends a request into a connection that is just closing. */
  keepAliveTimeout: 72_000,
  http: {
    /** Request line and headers: a y-websocket client has its token in the former. */
    maxHeaderSize: 32 * 1024,
    headersTimeout: 10_000,
    connectionsCheckingInterval: 2_000,
  } satisfies ServerOptions,
};

/** Headers that limit what pages can do with this node, and what its own pages can do. */
export async function addHygiene(app: FastifyInstance, isAllowed: OriginCheck): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // A page opened as "localhost" connects to "127.0.0.1", which is another host to the browser.
        connectSrc: ["'self'", 'ws:', 'wss:'],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // For whoever ends TLS to decide: it binds the whole domain.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  await app.register(cors, {
    // Tokens are sent as headers, never as cookies, so no credentials.
    delegator: (request, callback) =>
      callback(null, {
        origin: isAllowed(request.headers.origin, request.headers.host),
        methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        allowedHeaders: ['authorization', 'content-type', 'if-match', 'if-none-match'],
        maxAge: 600,
      }),
  });
  app.addHook('onRequest', async (request) => {
    if (request.url.length <= MAX_URL_CHARACTERS) return;
    const error = new Error(`the URL is longer than ${MAX_URL_CHARACTERS} characters`);
    throw Object.assign(error, { statusCode: 414 });
  });
}

/** Lets pages of this node, and no others, show what is answered in a frame. */
export function mayBeFramedByItself(reply: FastifyReply): void {
  const policy = String(reply.getHeader('content-security-policy'));
  reply.headers({
    'content-security-policy': policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
    'x-frame-options': 'SAMEORIGIN',
  });
}

const STATUS_OF: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Answers what is no HTTP request. Fastify's own handler logs the error with the raw bytes in it, and
 * with them a token.
 */
export function refuseBadRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) return void socket.destroy();
  const status = STATUS_OF[error.code ?? ''] ?? 400;
  // Not left to the client to close, who might keep the node from ending.
  const answer = problemText(status, `the request cannot be read (${error.code})`);
  socket.end(answer, () => socket.destroy());
}
