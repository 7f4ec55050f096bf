/** Opens 2,000 connections from one address at once, and keeps what it gets. */
import { WebSocket } from 'ws';

const CONNECTIONS = 2_000;

const [url = '', , seconds = ''] = process.argv.slice(2);
const answers = new Map<string, number>();
const count = (answer: string) => answers.set(answer, (answers.get(answer) ?? 0) + 1);
for (let n = 0; n < CONNECTIONS; n += 1) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/sync`);
  socket.once('open', () => count('opened'));
  socket.once('close', (code) => count(`closed with ${code}`));
  socket.once('unexpected-response', (_request, { statusCode }) => count(`HTTP ${statusCode}`));
  socket.on('error', () => undefined); // of the refused ones, when they are terminated
}
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
console.log([...answers].map(([answer, times]) => `${times} ${answer}`).join(', '));
process.exit();
