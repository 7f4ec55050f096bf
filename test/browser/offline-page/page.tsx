import { createClient } from '@tessera/client';
import { indexedDbStore } from '@tessera/client/offline';
import { BoardProvider, TesseraProvider } from '@tessera/client/react';
import { createRoot } from 'react-dom/client';
import { Bar } from './bar.tsx';
import { Cards } from './cards.tsx';
import { reportAll } from './reports.ts';

const asked = new URLSearchParams(location.search);

function parameter(name: string): string {
  const value = asked.get(name);
  if (value === null) throw new Error(`the address of this page lacks ?${name}=`);
  return value;
}

const user = parameter('user');
const id = parameter('board');
const client = createClient({
  url: parameter('sync'),
  token: async () => (await fetch(`/token?user=${encodeURIComponent(user)}`)).text(),
  store: indexedDbStore({ name: user }),
});
reportAll(client.board(id));

const root = document.querySelector('#root');
if (root === null) throw new Error('the page has no element #root');
createRoot(root).render(
  <TesseraProvider client={client}>
    <BoardProvider id={id}>
      <Bar user={user} />
      <Cards />
    </BoardProvider>
  </TesseraProvider>,
);
