export type { Board, BoardStatus } from './board.ts';
export { type Client, type ClientOptions, createClient } from './client.ts';
export type { Widgets } from './widgets.ts';
