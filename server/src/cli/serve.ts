import { canSign } from '../auth/secret.ts';
import { parseSettings, settingsHelp } from '../config.ts';
import { startNode, type TesseraNode } from '../node.ts';
import type { Command } from './command.ts';

const DEMO_BOARD = 'demo/quickstart';

export const serve: Command = {
  about: 'run a node',
  help: () =>
    `tessera serve [options]\n\nRuns one node. Settings, as flags or environment variables:\n\n${settingsHelp()}`,
  async run(argv, { env, print, untilStopped }) {
    const node = await startNode(parseSettings(argv, env));
    if (!node.settings.production) print(welcome(node));
    await untilStopped;
    const { unsaved } = await node.close();
    if (unsaved.length === 0) return 0;
    print(
      `Not saved when the time was up: ${unsaved.join(', ')}. Their clients still hold the edits.`,
    );
    return 1;
  },
};

function welcome(node: TesseraNode): string {
  const { databaseUrl, dataDir } = node.settings;
  return `
  Tessera is ready

  Console   ${node.url}/
  Examples  ${node.url}/examples/dashboard/
            ${node.url}/examples/offline-field-notes/phones.html
            ${node.url}/examples/quickstart/
  Data      ${databaseUrl ? new URL(databaseUrl).host + new URL(databaseUrl).pathname : `${dataDir} (embedded store)`}
${canSign(node.settings) ? snippet(node) : ''}`;
}

function snippet(node: TesseraNode): string {
  const { board, token, url } = node.developmentToken(DEMO_BOARD);
  return `
  Connect a stock Hocuspocus client (the token is a guest's, valid for a day):

    import { HocuspocusProvider } from '@hocuspocus/provider';

    const provider = new HocuspocusProvider({
      url: '${url}',
      name: '${board}',
      token: '${token}',
    });
    provider.document.getMap('hello').set('from', 'me');
    provider.on('unsyncedChanges', ({ number }) => console.log(number === 0 ? 'saved' : 'saving'));
`;
}
