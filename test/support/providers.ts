import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

/** A stock Hocuspocus client, as an application would make it. */
export function stockHocuspocus(
  url: string,
  board: string,
  token: string,
  doc = new Y.Doc(),
  path = '/sync',
) {
  const socket = new HocuspocusProviderWebsocket({
    url: `${url.replace('http', 'ws')}${path}`,
    WebSocketPolyfill: WebSocket,
  });
  const provider = new HocuspocusProvider({
    websocketProvider: socket,
    name: board,
    token,
    document: doc,
  });
  provider.attach();
  return {
    doc,
    provider,
    socket,
    awareness: provider.awareness,
    destroy() {
      provider.destroy();
      socket.destroy();
      doc.destroy();
    },
  };
}

/** A stock y-websocket client. */
export function stockYWebsocket(url: string, board: string, token: string, doc = new Y.Doc()) {
  const provider = new WebsocketProvider(`${url.replace('http', 'ws')}/yjs`, board, doc, {
    params: { token },
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
  });
  return {
    doc,
    provider,
    awareness: provider.awareness,
    destroy() {
      provider.destroy();
      doc.destroy();
    },
  };
}
