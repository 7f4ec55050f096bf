import type { Contestant } from './contestant.ts';
import { hocuspocus, hocuspocusPostgres, hocuspocusTwoNodes } from './hocuspocus.ts';
import { relayFrameOnce, relaySend } from './relay.ts';
import { tesseraEmbedded, tesseraPostgres, tesseraTwoNodes } from './tessera.ts';
import { yWebsocket } from './y-websocket.ts';

/** Everybody, in the order of the tables. */
export const contestants: readonly Contestant[] = [
  tesseraEmbedded,
  tesseraPostgres,
  tesseraTwoNodes,
  hocuspocus,
  hocuspocusPostgres,
  hocuspocusTwoNodes,
  yWebsocket,
  relaySend,
  relayFrameOnce,
];
