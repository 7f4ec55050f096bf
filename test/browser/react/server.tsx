import type { Client } from '@tessera/client';
import { renderToString } from 'react-dom/server';
import { BoardPage, type ShowOptions } from './board-page.tsx';

const client: Client = {
  board: (id) => {
    throw new Error(`${id} was opened on a server`);
  },
  close: () => Promise.resolve(),
};

/** What a server sends for the page. Throws if a board is opened for that. */
export function renderOnServer(id: string, options: ShowOptions = {}): string {
  return renderToString(<BoardPage client={client} id={id} {...options} />);
}
