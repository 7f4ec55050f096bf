import { createClient } from '@tessera/client';
import type { Address } from '../contestants/contestant.ts';

class CountingWebSocket extends WebSocket {
  static bytes = 0;

  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    this.addEventListener('message', ({ data }) => {
      CountingWebSocket.bytes += (data as ArrayBuffer).byteLength;
    });
  }
}

/** The bytes that the client SDK is sent while it opens a board that it has nothing of. */
export async function sdkJoinBytes({ url, token }: Address, board: string): Promise<number> {
  const stock = globalThis.WebSocket;
  globalThis.WebSocket = CountingWebSocket;
  CountingWebSocket.bytes = 0;
  const client = createClient({ url: `${url.replace('http', 'ws')}/sync`, token });
  try {
    await client.board(board).synced();
    return CountingWebSocket.bytes;
  } finally {
    globalThis.WebSocket = stock;
    await client.close();
  }
}
