import { equalityDeep } from 'lib0/function';

/**
 * As much of vitest as the contract of stores asks for, so that the same suite runs in a page. The
 * bundle of the page has this in vitest's place.
 */
type Step = () => unknown;
export interface Result {
  readonly name: string;
  readonly error?: string;
}

const tests: { name: string; run: Step }[] = [];
const before: Step[] = [];
const after: Step[] = [];

export const describe = (_name: string, define: () => void): void => define();
export const test = (name: string, run: Step): void => void tests.push({ name, run });
export const beforeEach = (run: Step): void => void before.push(run);
export const afterEach = (run: Step): void => void after.push(run);

export async function runTests(): Promise<Result[]> {
  const results: Result[] = [];
  for (const { name, run } of tests) {
    try {
      for (const step of [...before, run, ...after]) await step();
      results.push({ name });
    } catch (error) {
      results.push({ name, error: String(error) });
    }
  }
  return results;
}

export function expect(actual: unknown) {
  const check = (passed: boolean, what: string, expected: unknown): void => {
    if (!passed) throw new Error(`${text(actual)} ${what} ${text(expected)}`);
  };
  const rejection = async (): Promise<Error> => {
    try {
      await (actual as Promise<unknown>);
    } catch (error) {
      return error as Error;
    }
    throw new Error('it did not reject');
  };
  return {
    toBe: (expected: unknown) => check(Object.is(actual, expected), 'is not', expected),
    toEqual: (expected: unknown) =>
      check(equalityDeep(plain(actual), plain(expected)), 'is not equal to', expected),
    rejects: {
      async toThrow(part: string): Promise<void> {
        const error = await rejection();
        if (!error.message.includes(part)) throw error;
      },
      async toMatchObject(part: Record<string, unknown>): Promise<void> {
        const error = await rejection();
        const same = Object.entries(part).every(
          ([key, value]) => Reflect.get(error, key) === value,
        );
        if (!same) throw error;
      },
    },
  };
}

function text(value: unknown): string {
  return JSON.stringify(plain(value));
}

/** Without keys that are undefined, and bytes as numbers. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify({ value }, (_key, item: unknown) =>
      item instanceof Uint8Array ? ['bytes', ...item] : item,
    ),
  ) as unknown;
}
