import type { Client } from '@tessera/client';
import { renderToString } from 'react-dom/server';
import { BoardPage, type ShowOptions } from './board-page.tsx';

const never = (what: string) => {
  throw new Error(`${what} on a server`);
};

const client: Client = {
  board: (id) => never(`${id} was opened`),
  disconnect: () => never('a client was disconnected'),
  connect: () => never('a client was connected'),
  close: () => Promise.resolve(),
};

/** What a server sends for the page. Throws if a board is opened for that. */
export function renderOnServer(id: string, options: ShowOptions = {}): string {
  return renderToString(<BoardPage client={client} id={id} {...options} />);
}
