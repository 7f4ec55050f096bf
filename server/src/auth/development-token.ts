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

/**
 * A token for a guest who may edit `board`, so that a developer can start without a backend. The same
 * name is the same guest each time; without one it is a random guest.
 */
export function makeDevelopmentToken(
  { board, name: given }: { board: string; name: string | undefined },
  secret: string,
  required: { aud: string | undefined; iss: string | undefined },
): { token: string; actor: string } {
  const name = given?.trim().slice(0, 40) || NAMES[randomInt(NAMES.length)] || 'Guest';
  const id = given === undefined ? `-${randomInt(1000, 10_000)}` : '';
  const actor = `guest-${name.toLowerCase()}${id}`;
  const color =
    COLORS[given === undefined ? randomInt(COLORS.length) : colorIndex(name)] ?? '#888888';
  const grants = [{ board: parseBoardId(board), access: 'write' as const }];
  const claims: TokenClaims = { sub: actor, name, color, grants, ...required };
  return { actor, token: signToken(claims, secret, EXPIRES_IN_S) };
}

function colorIndex(name: string): number {
  const sum = [...name].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0);
  return sum % COLORS.length;
}
