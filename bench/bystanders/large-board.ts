/** Makes a board of 4 MB. */
import { RawClient } from '../../test/support/raw-client.ts';

const [url = '', token = ''] = process.argv.slice(2);
const author = await RawClient.open(url, 'acme/large', token);
author.edit((doc) => {
  for (let n = 0; n < 400; n += 1) doc.getMap('m').set(`${n}`, 'x'.repeat(10_000));
});
await author.until(() => author.acks > 1, 'the ack of the large board', 20_000);
await author.close();
process.exit();
