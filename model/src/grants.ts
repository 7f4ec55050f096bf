import { z } from 'zod';
import { type Access, mostSpecific } from './access.ts';
import type { BoardId } from './ids.ts';

const accessSchema = z.enum(['read', 'write', 'admin']);

/** Segments of ids with `*` and `**` in them; three stars in a row mean nothing and are refused. */
const boardPattern = /^(?!.*\*{3})[A-Za-z0-9._~*-]+(?:\/[A-Za-z0-9._~*-]+)*$/;
const widgetPattern = /^(?!.*\*{3})[A-Za-z0-9._~*-]+$/;
const maxPatternLength = 255;

const grantSchema = z.strictObject({
  board: z.string().max(maxPatternLength).regex(boardPattern, 'not a pattern of board ids'),
  access: accessSchema,
  widgets: z
    .record(
      z.string().max(maxPatternLength).regex(widgetPattern, 'not a pattern of widget ids'),
      accessSchema,
    )
    .optional(),
  presence: z.boolean().optional(),
});

/**
 * The `grants` claim of a token. Strict: a key this version does not know may be a restriction,
 * so such a token is refused instead of granting more than was meant.
 */
export const grantsSchema = z.array(grantSchema).max(1000);

/**
 * Access to the boards that match a pattern, and inside them to widgets that match others. With
 * `presence: false` its holder sees who is there and is not shown, as befits a service account.
 */
export type Grant = z.infer<typeof grantSchema>;

export type Grants = readonly Grant[];

/** The grant that decides about a board: the most specific one whose pattern matches, or undefined. */
export function grantFor(grants: Grants, board: BoardId): Grant | undefined {
  return mostSpecific(grants, board, (grant) => [grant.board, grant.access]);
}

/** The access a token's grants give to a board; undefined if none of them matches. */
export function accessTo(grants: Grants, board: BoardId): Access | undefined {
  return grantFor(grants, board)?.access;
}
