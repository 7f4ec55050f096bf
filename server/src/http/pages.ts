import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import { TesseraError } from '@tessera/model';
import type { FastifyInstance } from 'fastify';
import { mayBeFramedByItself } from './hygiene.ts';

/** Built files that are served as they are. */
export interface Page {
  /** Ends with a slash, as its files are addressed relative to it. */
  readonly at: string;
  readonly root: string;
}

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));

/** Where each example is, by its folder. The embedded poll has a server of its own; what is here is its SDK. */
const places: Readonly<Record<string, string>> = {
  landing: '/',
  dashboard: '/examples/dashboard/',
  'offline-field-notes': '/examples/offline-field-notes/',
  quickstart: '/examples/quickstart/',
  embed: '/sdk/',
};

/**
 * The pages to serve: those that are built, with `on` all of them, with `off` none.
 * @throws TesseraError `bad-setting` when they are asked for and one is not built
 */
export function findPages(wanted: 'on' | 'off' | undefined): readonly Page[] {
  if (wanted === 'off') return [];
  const all = Object.entries(places).map(([name, at]) => ({
    name,
    at,
    root: join(examples, name, 'dist'),
  }));
  const missing = all.filter(({ root }) => !existsSync(root));
  if (wanted === 'on' && missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new TesseraError(
      'bad-setting',
      `TESSERA_PAGES is on, and these are not built: ${names}. Run npm run build:examples, or set it to off`,
    );
  }
  return all.filter((page) => !missing.includes(page));
}

/** The first page, the examples, and the SDK for pages without a build step. */
export async function addPages(app: FastifyInstance, pages: readonly Page[]): Promise<void> {
  for (const [index, { at, root }] of pages.entries()) {
    await app.register(fastifyStatic, {
      root,
      // Without its slash: whoever leaves it out is redirected.
      prefix: at === '/' ? at : at.slice(0, -1),
      redirect: at !== '/',
      decorateReply: index === 0,
      cacheControl: false,
      setHeaders: (reply, path) => {
        reply.header('cache-control', cachingOf(path));
        // Several people on one screen are several frames of one page.
        if (at.startsWith('/examples/')) mayBeFramedByItself(reply);
      },
    });
  }
}

/** What is in `assets` has a hash of its content in its name; all else keeps its name when it changes. */
function cachingOf(path: string): string {
  return /[\\/]assets[\\/][^\\/]+$/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
}
