import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { removeFolder, temporaryFolder } from '../support/tessera.ts';

const built = fileURLToPath(new URL('../../examples/offline-field-notes/dist', import.meta.url));
const at = '/examples/offline-field-notes/';

/** A node whose notes page can be replaced by a newer one, as when it is deployed again. */
export interface Deployment {
  readonly url: string;
  /** From now on the page has this title, and its service worker another version. */
  deploy(title: string): Promise<void>;
  close(): Promise<void>;
}

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

/** Serves a copy of the built page, and hands everything else to the node. */
export async function startDeployment(node: { readonly url: string }): Promise<Deployment> {
  const folder = await temporaryFolder();
  await cp(built, folder, { recursive: true });
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://front');
    if (!pathname.startsWith(at)) {
      const answer = await fetch(node.url + pathname + search);
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(await answer.text());
      return;
    }
    const name = pathname.slice(at.length) || 'index.html';
    const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' });
    response.end(await readFile(`${folder}/${name}`));
  });
  // The server itself does not count those.
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket);
    const { hostname, port, host } = new URL(node.url);
    const target = connect(Number(port), hostname);
    const headers = Object.entries({ ...request.headers, host, origin: node.url });
    target.write(`GET ${request.url} HTTP/1.1\r\n`);
    target.write(`${headers.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`);
    target.write(head);
    target.pipe(socket).pipe(target);
    for (const end of [target, socket]) end.on('error', () => end.destroy());
    target.on('close', () => socket.destroy());
    socket.on('close', () => {
      upgraded.delete(socket);
      target.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const replace = async (file: string, from: RegExp, to: string) => {
    const text = await readFile(`${folder}/${file}`, 'utf8');
    if (!from.test(text)) throw new Error(`${file} of the notes page has no ${from}`);
    await writeFile(`${folder}/${file}`, text.replace(from, to));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${at}`,
    async deploy(title) {
      await replace('index.html', /<title>.*<\/title>/, `<title>${title}</title>`);
      await replace('sw.js', /const version = .*;/, `const version = '${title.length}-newer';`);
    },
    async close() {
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await removeFolder(folder);
    },
  };
}
