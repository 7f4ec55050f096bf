import { setTimeout as delay } from 'node:timers/promises';

interface EventuallyOptions {
  /** How long the condition may take to become true. Default 10,000. */
  timeoutMs?: number;
  /** What is waited for, to be named when it does not come. */
  what?: string;
}

/**
 * Resolves once the condition holds; a condition that throws does not hold yet.
 * Throws after `timeoutMs`, naming what was waited for, with the condition's last error as its cause.
 */
export async function eventually(
  condition: () => unknown,
  { timeoutMs = 10_000, what = condition.toString() }: EventuallyOptions = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  do {
    try {
      if (await condition()) return;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await delay(10);
  } while (performance.now() < deadline);
  throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`, { cause: lastError });
}
