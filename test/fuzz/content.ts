import { readBoard } from '@tessera/model';
import type * as Y from 'yjs';

/**
 * What is on a board, in which the order of letters and of entries in lists does not count: where an attacker
 * may write, an update that leans on itself can make it depend on what came first.
 */
export function contentOf(doc: Y.Doc): unknown {
  return inAnyOrder(readBoard(doc));
}

function inAnyOrder(value: unknown): unknown {
  if (typeof value === 'string') return [...value].sort().join('');
  if (Array.isArray(value)) return value.map((one) => JSON.stringify(inAnyOrder(one))).sort();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inAnyOrder(one)]));
}
