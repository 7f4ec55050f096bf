/** Reads what the writers write, and says how long each edit was under way. */
import { RawClient } from '../../test/support/raw-client.ts';
import { slowBoard } from './slow-board.ts';

const [url = '', token = '', seconds = ''] = process.argv.slice(2);
const client = await RawClient.open(url, slowBoard, token);
const delays: number[] = [];
client.doc.getMap<string>('values').observe((event, transaction) => {
  if (transaction.local) return;
  const now = performance.timeOrigin + performance.now();
  for (const key of event.keysChanged) {
    const sentAt = Number.parseFloat(event.target.get(key) ?? '');
    delays.push(now - sentAt);
  }
});
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
console.log(JSON.stringify(delays));
process.exit();
