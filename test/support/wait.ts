import { setTimeout as delay } from 'node:timers/promises';

interface WaitOptions {
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
  { timeoutMs = 10_000, what = condition.toString() }: WaitOptions = {},
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

/** What the promise resolves to; throws after `timeoutMs`, naming what was waited for. */
export async function finishes<T>(
  promise: Promise<T>,
  { timeoutMs = 10_000, what = 'it to finish' }: WaitOptions = {},
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`waited ${timeoutMs} ms in vain for: ${what}`)),
    timeoutMs,
  );
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}
