import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { tokenFor } from '../support/tessera.ts';

/** Where a page comes from: reachable also while the way to the node is cut. */
export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Builds the page of this folder here, and serves it, and tokens for it. */
export async function servePage(folder: string): Promise<PageServer> {
  const files = await bundle(folder);
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://page');
    if (pathname === '/token') {
      response.end(tokenFor(searchParams.get('user') ?? 'nobody'));
      return;
    }
    const name = pathname === '/' ? 'index.html' : pathname.slice(1);
    const file = files.get(name);
    response.setHeader('content-type', types[name.split('.').at(-1) ?? ''] ?? 'text/plain');
    response.statusCode = file === undefined ? 404 : 200;
    response.end(file ?? `there is no ${name} here`);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

async function bundle(folder: string): Promise<Map<string, string | Uint8Array>> {
  const root = fileURLToPath(new URL(`${folder}/`, import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: 'error',
    root,
    // So that profiles have the names of the source.
    build: {
      write: false,
      minify: false,
      target: 'es2023',
      rolldownOptions: { input: `${root}index.html` },
    },
  });
  const files = new Map<string, string | Uint8Array>();
  for (const output of [built].flat()) {
    if (!('output' in output)) throw new Error(`vite built nothing of ${folder}`);
    for (const file of output.output) {
      files.set(file.fileName, file.type === 'chunk' ? file.code : file.source);
    }
  }
  return files;
}
