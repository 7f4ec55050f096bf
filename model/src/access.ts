/** What a token allows on a board. Readers have presence but cannot write. */
export type Access = 'read' | 'write' | 'admin';

/** What a token allows on one board, and on widgets of it whose ids match a pattern. */
export interface Rights {
  readonly access: Access;
  readonly widgets?: Readonly<Record<string, Access>>;
}

const rank: Readonly<Record<Access, number>> = { read: 0, write: 1, admin: 2 };

export function isAccess(value: unknown): value is Access {
  return value === 'read' || value === 'write' || value === 'admin';
}

/** Whether this access lets its holder edit. */
export function canWrite(access: Access | undefined): boolean {
  return access === 'write' || access === 'admin';
}

/** Whether some of the board may be written and some may not. */
export function isRestricted({ access, widgets = {} }: Rights): boolean {
  return Object.values(widgets).some((own) => canWrite(own) !== canWrite(access));
}

/**
 * The access to one widget: that of the most specific pattern of `widgets` which matches its id
 * (see `mostSpecific`), and the access to the board if none does. `admin` of a widget means `write`.
 */
export function accessToWidget({ access, widgets = {} }: Rights, widget: string): Access {
  return mostSpecific(Object.entries(widgets), widget, (entry) => entry)?.[1] ?? access;
}

/**
 * Of the candidates whose pattern matches the text, the one that decides; undefined if none does.
 *
 * In a pattern `*` stands for any characters within a segment and `**` for any characters across
 * segments (none included). Of two patterns that match, the more specific one has more literal
 * characters; if equal, fewer `**`; if equal, fewer `*`. So an exact id beats every pattern, and a
 * pattern beats each one that matches everything it matches. If all are equal, the one with less
 * access decides (fail closed), then the earlier one.
 */
export function mostSpecific<T>(
  candidates: readonly T[],
  text: string,
  read: (candidate: T) => readonly [pattern: string, access: Access],
): T | undefined {
  let best: T | undefined;
  for (const candidate of candidates) {
    if (!matches(read(candidate)[0], text)) continue;
    if (best === undefined || compare(read(candidate), read(best)) > 0) best = candidate;
  }
  return best;
}

/** Positive if `a` decides before `b`. */
function compare(
  [a, accessOfA]: readonly [string, Access],
  [b, accessOfB]: readonly [string, Access],
): number {
  const left = specificity(a);
  const right = specificity(b);
  return (
    left.literals - right.literals ||
    right.acrossSegments - left.acrossSegments ||
    right.withinSegment - left.withinSegment ||
    rank[accessOfB] - rank[accessOfA]
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
