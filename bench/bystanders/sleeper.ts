/** Opens the board, reads no more of it, wakes up at the end, and says whether it has all then. */
import { RawClient } from '../../test/support/raw-client.ts';
import { slowBoard } from './slow-board.ts';

const [url = '', token = '', seconds = ''] = process.argv.slice(2);
const sleeper = await RawClient.open(url, slowBoard, token);
sleeper.ws.pause();
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
let received = 0;
sleeper.ws.on('message', (data: Buffer) => (received += data.byteLength));
sleeper.ws.resume();
const other = await RawClient.open(url, slowBoard, token);
const contentOf = (client: RawClient) => JSON.stringify(client.doc.getMap('values').toJSON());
await sleeper.until(
  () => contentOf(sleeper) === contentOf(other),
  'the sleeper to catch up',
  20_000,
);
console.log(`the sleeper caught up with ${(received / 1e6).toFixed(1)} MB`);
process.exit();
