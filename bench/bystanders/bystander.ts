/** Edits a board of its own all the time, and says how long each edit took until it was acked. */
import { RawClient } from '../../test/support/raw-client.ts';

const [url = '', token = '', seconds = ''] = process.argv.slice(2);
const client = await RawClient.open(url, 'acme/calm', token);
const delays: number[] = [];
const end = performance.now() + Number(seconds) * 1_000;
for (let n = 0; performance.now() < end; n += 1) {
  const { acks } = client;
  const from = performance.now();
  client.edit((doc) => doc.getMap('m').set('n', n));
  await client.until(() => client.acks > acks, 'an ack', 20_000);
  delays.push(performance.now() - from);
  await new Promise((resolve) => setTimeout(resolve, 10));
}
await client.close();
console.log(JSON.stringify(delays));
