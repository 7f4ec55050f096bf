// The server of a site of your own: it has the page, knows its users, and signs tokens for them.
//
//   TESSERA_JWT_SECRET=… node examples/embed/token-server.mjs     (the secret that the node has)

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createClient } from '@tessera/client';
import jwt from 'jsonwebtoken';

const {
  TESSERA_JWT_SECRET: secret,
  TESSERA_URL: node = 'http://127.0.0.1:8787',
  PORT = '8788',
} = process.env;
if (!secret) throw new Error('TESSERA_JWT_SECRET is not set: give it the secret of the node');
const board = 'site/polls';

/** Everybody may look. Who is signed in may write the widgets whose ids end with their name, and no others. */
function tokenFor(user) {
  const widgets = user === 'visitor' ? {} : { [`*.${user}`]: 'write' };
  const claims = { sub: user, grants: [{ board, access: 'read', widgets }] };
  return jwt.sign(claims, secret, { algorithm: 'HS256', expiresIn: '10m' });
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://site');
  // Stands for the sessions of your site. Letters only: a dot would be in reach of others' votes.
  const user = /(?:^|; )user=([a-z]+)/.exec(request.headers.cookie ?? '')?.[1] ?? 'visitor';
  if (pathname === '/token') return response.end(tokenFor(user));
  if (pathname === '/sign-in') {
    const cookie = `user=${searchParams.get('user') ?? ''}; HttpOnly; SameSite=Lax`;
    return response.writeHead(303, { location: './', 'set-cookie': cookie }).end();
  }
  const [file, type] = pathname === '/style.css' ? ['style.css', 'css'] : ['index.html', 'html'];
  const text = await readFile(new URL(file, import.meta.url), 'utf8');
  response.writeHead(200, { 'content-type': `text/${type}; charset=utf-8` });
  response.end(
    text
      .replace('http://127.0.0.1:8787', node)
      .replace('data-user="visitor"', `data-user="${user}"`),
  );
});

// A board is made by the first who may write all of it.
const token = () =>
  jwt.sign({ sub: 'site', grants: [{ board, access: 'write' }] }, secret, { expiresIn: '1m' });
const client = createClient({ url: `${node.replace('http', 'ws')}/sync`, token });
client.board(board).title = 'Polls';
await client.board(board).saved();
await client.close();
server.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}/`),
);
