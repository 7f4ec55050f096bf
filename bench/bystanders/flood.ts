/** Sends 10,000 frames a second from one connection, as far as the node reads them. */
import { RawClient } from '../../test/support/raw-client.ts';

const PER_SECOND = 10_000;

const [url = '', token = '', seconds = ''] = process.argv.slice(2);
const client = await RawClient.open(url, 'acme/flood', token);
const from = performance.now();
const elapsed = () => (performance.now() - from) / 1_000;
let sent = 0;
while (elapsed() < Number(seconds) && client.closed === undefined) {
  for (; sent < elapsed() * PER_SECOND; sent += 1) {
    client.edit((doc) => doc.getMap('m').set('n', sent));
  }
  await new Promise((resolve) => setTimeout(resolve, 2));
}
const code = client.closed?.code;
console.log(`${sent} frames sent, ${client.acks} acked${code ? `, closed with ${code}` : ''}`);
process.exit();
