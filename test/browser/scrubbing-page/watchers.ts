/**
 * Clients that show a board and follow it, all in one process. Its arguments are the address, the
 * token, the board and how many. Tells its parent when they are in, then what they hold whenever the
 * parent asks, and ends with it.
 */
import { createClient } from '@tessera/client';
import { eventually } from '../../support/wait.ts';
import { panelsOn, textOf } from './panels.ts';

const [url = '', token = '', id = '', count = ''] = process.argv.slice(2);

const boards = Array.from({ length: Number(count) }, () => createClient({ url, token }).board(id));
for (const board of boards) {
  const followed = new Set<unknown>();
  board.widgets.subscribe(() => {
    for (const panel of panelsOn(board).filter((one) => !followed.has(one))) {
      followed.add(panel);
      panel.subscribe(() => undefined);
    }
  });
}
await eventually(() => boards.every(({ status }) => status.state === 'saved'));
process.on('message', () => process.send?.(boards.map(textOf)));
process.on('disconnect', () => process.exit());
process.send?.([]);
