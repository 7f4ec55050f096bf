/** What it takes to connect to this node. */
export interface Access {
  readonly origin: string;
  readonly url: string;
  readonly board: string;
  /** Undefined where no development tokens are handed out. */
  readonly token: string | undefined;
}

export interface Snippet {
  readonly name: string;
  readonly about: string;
  readonly code: string;
}

/** The same few lines for each client. */
export function snippetsFor({ origin, url, board, token }: Access): readonly Snippet[] {
  const quoted = token === undefined ? undefined : `'${token}'`;
  const given = quoted ?? "async () => (await fetch('/token')).text()";
  return [
    {
      name: 'Browser',
      about: 'Without a build step: in a module of any page, or in the console of this one.',
      code: `const { createClient } = await import('${origin}/sdk/client.js');

const client = createClient({
  url: '${url}',
  token: ${given},
});
const board = client.board('${board}');
board.title = 'Hello';
await board.saved(); // it is in the server's log`,
    },
    {
      name: '@tessera/client',
      about: 'The SDK, in a project with a bundler, or in Node.',
      code: `import { createClient, defineWidget } from '@tessera/client';
import { z } from 'zod';

const Note = defineWidget({ type: 'note', version: 1, state: z.object({ text: z.string() }) });

const client = createClient({
  url: '${url}',
  token: ${given},
});
const board = client.board('${board}');
board.widgets.create(Note, { text: 'Hello' });
await board.saved(); // it is in the server's log`,
    },
    {
      name: 'Hocuspocus',
      about: 'A stock provider, with any Yjs document.',
      code: `import { HocuspocusProvider } from '@hocuspocus/provider';

const provider = new HocuspocusProvider({
  url: '${url}',
  name: '${board}',
  token: ${given},
});
provider.document.getMap('hello').set('from', 'me');
provider.on('unsyncedChanges', ({ number }) => console.log(number === 0 ? 'saved' : 'saving'));`,
    },
  ];
}
