// A stock Hocuspocus client, edited from a terminal:
//
//   node examples/quickstart/client.js <url> <token> [board]
//
// `npm start` prints a url and a token. They can also be given as TESSERA_URL and TESSERA_TOKEN.
// Needs Node 22 or newer for its WebSocket.

import { HocuspocusProvider } from '@hocuspocus/provider';

const [
  url = process.env.TESSERA_URL,
  token = process.env.TESSERA_TOKEN,
  name = process.env.TESSERA_BOARD ?? 'demo/quickstart',
] = process.argv.slice(2);
if (!url || !token) {
  console.error('usage: client.js <url> <token> [board]; npm start prints a url and a token');
  process.exit(2);
}

const provider = new HocuspocusProvider({ url, token, name });

provider.on('authenticationFailed', ({ reason }) => {
  console.error(`refused: ${reason}`);
  process.exit(1);
});

provider.on('synced', () => {
  const visits = provider.document.getArray('visits');
  // The server answers each edit once it is committed in its log. Only then is it 0.
  provider.on('unsyncedChanges', ({ number }) => {
    if (number > 0) return console.log(`saving ${number} …`);
    console.log(`saved. ${name} had ${visits.length} visits so far`);
    provider.destroy();
  });
  visits.push([new Date().toISOString()]);
});
