export type { RevocationOrder } from './auth/revocation-order.ts';
export { signToken, type TokenClaims } from './auth/token.ts';
export { runCli } from './cli/run.ts';
export { parseSettings, type Settings } from './config.ts';
export { startNode, type TesseraNode } from './node.ts';
