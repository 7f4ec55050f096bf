/** Opens a large board 500 times at once. What it is sent is counted and not applied. */
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';

const JOINERS = 500;
/** A message that brings the board. */
const LARGE_BYTES = 1_000_000;

const [url = '', token = ''] = process.argv.slice(2);

function frame(type: number, write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, 'acme/large');
  encoding.writeVarUint(encoder, type);
  write(encoder);
  return encoding.toUint8Array(encoder);
}

const authenticate = frame(2, (encoder) => {
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarString(encoder, token);
});
const step1 = frame(0, (encoder) => {
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarUint8Array(encoder, new Uint8Array([0]));
});

const from = performance.now();
const times: number[] = [];
const joins = Array.from(
  { length: JOINERS },
  () =>
    new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/sync`);
      socket.once('open', () => {
        socket.send(authenticate);
        socket.send(step1);
      });
      socket.on('message', (data: Buffer) => {
        if (data.byteLength < LARGE_BYTES) return;
        times.push(performance.now() - from);
        resolve();
      });
      socket.once('close', (code, reason) => reject(new Error(`closed with ${code}: ${reason}`)));
      socket.once('error', reject);
    }),
);
await Promise.all(joins);
times.sort((a, b) => a - b);
const at = (share: number) => Math.round(times[Math.floor((times.length - 1) * share)] ?? 0);
console.log(`${JOINERS} joined, half of them after ${at(0.5)} ms, all after ${at(1)} ms`);
process.exit();
