/** 50 connections write 100 MB to one board. What they are sent is read and not applied. */
import { RawClient } from '../../test/support/raw-client.ts';
import { slowBoard } from './slow-board.ts';

const WRITERS = 50;
const EDIT_BYTES = 10_000;
const TOTAL_BYTES = 100_000_000;

const [url = '', token = '', seconds = ''] = process.argv.slice(2);
const writers = await Promise.all(
  Array.from({ length: WRITERS }, () => RawClient.open(url, slowBoard, token)),
);
for (const writer of writers)
  writer.ws.removeAllListeners('message').on('message', () => undefined);
const edits = TOTAL_BYTES / EDIT_BYTES;
const from = performance.now();
for (let sent = 0; sent < edits; ) {
  const due = Math.min(edits, ((performance.now() - from) / 1_000 / Number(seconds)) * edits);
  for (; sent < due; sent += 1) {
    const at = performance.timeOrigin + performance.now();
    const value = `${at} `.padEnd(EDIT_BYTES, 'x');
    writers[sent % WRITERS]?.edit((doc) => doc.getMap('values').set(`${sent % WRITERS}`, value));
  }
  await new Promise((resolve) => setTimeout(resolve, 2));
}
console.log(`${edits} edits of ${EDIT_BYTES} bytes sent`);
process.exit();
