/** Edits the large board 25 times a second. */
import { RawClient } from '../../test/support/raw-client.ts';

const [url = '', token = '', seconds = ''] = process.argv.slice(2);
const client = await RawClient.open(url, 'acme/large', token);
const end = performance.now() + Number(seconds) * 1_000;
for (let n = 0; performance.now() < end; n += 1) {
  client.edit((doc) => doc.getMap('edited').set('n', n));
  await new Promise((resolve) => setTimeout(resolve, 40));
}
process.exit();
