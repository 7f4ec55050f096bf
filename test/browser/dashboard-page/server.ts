import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../../examples/dashboard/', import.meta.url));
const PREFIX = '/examples/dashboard/';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** Serves the dashboard, and is the way to the node: a way that can be cut while the page stays. */
export interface DashboardServer {
  readonly url: string;
  /** The node may come and go, and be another one. */
  node: string;
  /** Answers requests for tokens in place of the node. */
  token: ((board: string) => { status: number; body: string }) | undefined;
  /** Nothing reaches the node until `restore`. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function serveDashboard(node: string): Promise<DashboardServer> {
  const files = await bundle();
  const policy = await policyOf(node);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((incoming, response) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://page');
    if (pathname.startsWith(PREFIX)) {
      const name = pathname === PREFIX ? 'index.html' : pathname.slice(PREFIX.length);
      const file = files.get(name);
      response.setHeader('content-type', types[extname(name)] ?? 'text/plain');
      response.setHeader('content-security-policy', policy);
      response.statusCode = file === undefined ? 404 : 200;
      return void response.end(file ?? `there is no ${name} here`);
    }
    if (isCut) return void response.destroy();
    const answer =
      pathname === '/dev/token' ? dashboard.token?.(searchParams.get('board') ?? '') : undefined;
    if (answer !== undefined) return void response.writeHead(answer.status).end(answer.body);
    pass(incoming, response, dashboard.node);
  });
  server.on('upgrade', (incoming, socket: Socket, head) => {
    if (isCut) return void socket.destroy();
    const { port, hostname } = new URL(dashboard.node);
    const onward = connect(Number(port), hostname);
    for (const end of [socket, onward]) {
      sockets.add(end);
      end.on('close', () => {
        sockets.delete(end);
        socket.destroy();
        onward.destroy();
      });
      // One side is gone: the other is closed with it.
      end.on('error', () => end.destroy());
    }
    onward.write(headOf(incoming));
    onward.write(head);
    onward.pipe(socket).pipe(onward);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const dashboard: DashboardServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PREFIX}`,
    node,
    token: undefined,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    restore() {
      isCut = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return dashboard;
}

/** As for a node, and kept here: `dist` is not for tests to change. */
async function bundle(): Promise<Map<string, string | Uint8Array>> {
  const built = await build({ root, logLevel: 'error', build: { write: false } });
  const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []));
  return new Map(
    outputs.map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source]),
  );
}

/** What the pages of a node may do: the dashboard has to be content with that. */
async function policyOf(node: string): Promise<string> {
  const response = await fetch(new URL('/livez', node));
  await response.text();
  return response.headers.get('content-security-policy') ?? '';
}

function pass(incoming: IncomingMessage, response: ServerResponse, node: string): void {
  const onward = request(new URL(incoming.url ?? '/', node), (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  onward.end();
}

/** The request again, with all its headers: the node sees the origin of the page, and its host. */
function headOf({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
