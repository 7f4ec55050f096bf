import { z } from 'zod';
import type { BoardId } from './ids.ts';

/** What a token allows on a board. Readers have presence but cannot write. */
export type Access = 'read' | 'write' | 'admin';

const rank: Readonly<Record<Access, number>> = { read: 0, write: 1, admin: 2 };

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
});

/**
 * The `grants` claim of a token. Strict: a key this version does not know may be a restriction,
 * so such a token is refused instead of granting more than was meant.
 */
export const grantsSchema = z.array(grantSchema).max(1000);

/** Access to the boards that match a pattern, and inside them to widgets that match others. */
export type Grant = z.infer<typeof grantSchema>;

export type Grants = readonly Grant[];

/**
 * The grant that decides about a board: the most specific one whose pattern matches, or undefined.
 *
 * In a pattern `*` stands for any characters within a segment and `**` for any characters across
 * segments (none included). Of two patterns that match, the more specific one has more literal
 * characters; if equal, fewer `**`; if equal, fewer `*`. So an exact id beats every pattern, and a
 * pattern beats each one that matches everything it matches. If all are equal, the grant with less
 * access decides (fail closed), then the earlier one.
 */
export function grantFor(grants: Grants, board: BoardId): Grant | undefined {
  let best: Grant | undefined;
  for (const grant of grants) {
    if (!matches(grant.board, board)) continue;
    if (best === undefined || compareGrants(grant, best) > 0) best = grant;
  }
  return best;
}

/** The access a token's grants give to a board; undefined if none of them matches. */
export function accessTo(grants: Grants, board: BoardId): Access | undefined {
  return grantFor(grants, board)?.access;
}

/** Whether this access lets its holder edit. */
export function canWrite(access: Access | undefined): boolean {
  return access === 'write' || access === 'admin';
}

/** Positive if `a` decides before `b`. */
function compareGrants(a: Grant, b: Grant): number {
  const left = specificity(a.board);
  const right = specificity(b.board);
  return (
    left.literals - right.literals ||
    right.acrossSegments - left.acrossSegments ||
    right.withinSegment - left.withinSegment ||
    rank[b.access] - rank[a.access]
  );
}

function specificity(pattern: string) {
  const tokens = tokensOf(pattern);
  const acrossSegments = tokens.filter((token) => token === '**').length;
  const withinSegment = tokens.filter((token) => token === '*').length;
  return {
    literals: tokens.length - acrossSegments - withinSegment,
    acrossSegments,
    withinSegment,
  };
}

/** `acme/**` -> a, c, m, e, /, ** */
function tokensOf(pattern: string): string[] {
  return pattern.match(/\*\*|./gs) ?? [];
}

/**
 * Follows all ways to match at once, because a backtracking regular expression with many stars
 * takes exponential time. At most 255 × 255 steps.
 */
function matches(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  const tokens = tokensOf(pattern);
  let reached = skipStars(tokens, [0]);
  for (const char of text) {
    const next: number[] = [];
    for (const at of reached) {
      const token = tokens[at];
      if (token === '**' || (token === '*' && char !== '/')) next.push(at);
      else if (token === char) next.push(at + 1);
    }
    if (next.length === 0) return false;
    reached = skipStars(tokens, next);
  }
  return reached.has(tokens.length);
}

/** A star may stand for nothing, so what follows it is reached as well. */
function skipStars(tokens: readonly string[], positions: readonly number[]): Set<number> {
  const reached = new Set<number>();
  for (let at of positions) {
    reached.add(at);
    while (tokens[at]?.startsWith('*')) reached.add(++at);
  }
  return reached;
}
