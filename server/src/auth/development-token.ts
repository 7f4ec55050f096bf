import { randomInt } from 'node:crypto';
import { parseBoardId } from '@tessera/model';
import { signToken, type TokenClaims } from './token.ts';

const NAMES = [
  'Ada',
  'Grace',
  'Alan',
  'Edsger',
  'Barbara',
  'Leslie',
  'Tony',
  'Radia',
  'Ken',
  'Lynn',
];
const COLORS = [
  '#e5484d',
  '#0090ff',
  '#30a46c',
  '#f76b15',
  '#8e4ec6',
  '#12a594',
  '#d6409f',
  '#978365',
];
const EXPIRES_IN_S = 24 * 60 * 60;

/** A token for a random guest who may edit `board`, so that a developer can start without a backend. */
export function makeDevelopmentToken(
  board: string,
  secret: string,
  required: { aud: string | undefined; iss: string | undefined },
): { token: string; actor: string } {
  const name = NAMES[randomInt(NAMES.length)] ?? 'Guest';
  const actor = `guest-${name.toLowerCase()}-${randomInt(1000, 10_000)}`;
  const color = COLORS[randomInt(COLORS.length)] ?? '#888888';
  const grants = [{ board: parseBoardId(board), access: 'write' as const }];
  const claims: TokenClaims = { sub: actor, name, color, grants, ...required };
  return { actor, token: signToken(claims, secret, EXPIRES_IN_S) };
}
