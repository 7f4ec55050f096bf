import { type Board, defineWidget } from '@tessera/client';
import { z } from 'zod';
import { DEMO } from '../board/starter.ts';
import { openSession } from '../session/session.ts';

/** One line of the list of boards. */
export const BoardLink = defineWidget({
  type: 'board-link',
  version: 1,
  state: z.object({
    board: z.string().max(255),
    title: z.string().max(200),
    /** In milliseconds since 1970. */
    openedAt: z.number().default(0),
  }),
});

/** The server has no list of boards, and needs none: the list of a tenant is a board as well. */
function indexOf(board: string): string {
  const [tenant = 'demo'] = board.split('/');
  return `${tenant}/boards`;
}

/** The list that is shown where no board is. */
export const INDEX = indexOf(DEMO);

/** Makes up the id of a new board from its title. */
export function idFor(title: string): string {
  const words = title
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `demo/${words === '' ? 'board' : words}-${crypto.randomUUID().slice(0, 4)}`;
}

/** Puts the board on the list, or its new title. Waits until the list has been read. */
export function rememberBoard(board: string, title: string): void {
  const index = openIndex(board);
  if (index === undefined) return;
  const id = linkId(board);
  const write = () => {
    if (!isRead(index)) return;
    stop();
    if (!index.canEdit()) return;
    index.history.pause();
    const link = index.widgets.get(BoardLink, id);
    if (link === undefined) {
      index.widgets.create(BoardLink, { board, title, openedAt: Date.now() }, { id });
    } else if (link.state?.title !== title) link.set({ title });
  };
  const stop = index.subscribe(write);
  write();
}

/** A widget has one id a board, so that nobody lists it twice. */
function linkId(board: string): string {
  return board.replaceAll('/', '.');
}

function isRead({ status }: Board): boolean {
  return status.state === 'saved' || status.state === 'saving';
}

function openIndex(board: string): Board | undefined {
  const index = indexOf(board);
  return index === board ? undefined : openSession(index, 'you').client.board(index);
}
