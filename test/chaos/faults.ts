import { setTimeout as delay } from 'node:timers/promises';
import type { random } from '../support/random.ts';
import { finishes } from '../support/wait.ts';

/** Something that breaks, and is whole again some time later. Promises are awaited. */
export interface Fault {
  name: string;
  begin(): unknown;
  end?(): unknown;
}

/** Faults of one part of the whole, of which one happens at a time; those of several parts overlap. */
export type Lane = readonly Fault[];

interface Planned {
  fault: Fault;
  /** Milliseconds after the end of the one before. */
  after: number;
  lasts: number;
}

const STEP_WITHIN_MS = 45_000;
const BETWEEN_MS = [500, 5_000] as const;
const LASTS_MS = [100, 3_000] as const;

/**
 * Breaks things for `durationMs`, in an order that the seed decides. Resolves with what was done, a
 * line each, once all is whole again.
 */
export async function breakThings(
  lanes: readonly Lane[],
  durationMs: number,
  { next, between }: ReturnType<typeof random>,
): Promise<string[]> {
  const plans = lanes.map((lane) => {
    const plan: Planned[] = [];
    for (let at = 0; at < durationMs; ) {
      const fault = lane[Math.floor(next() * lane.length)];
      if (fault === undefined) break;
      const planned = { fault, after: between(...BETWEEN_MS), lasts: between(...LASTS_MS) };
      at += planned.after + planned.lasts;
      plan.push(planned);
    }
    return plan;
  });
  const startedAt = performance.now();
  const passed = () => Math.round(performance.now() - startedAt);
  const done: string[] = [];
  const sleep = (ms: number) => delay(Math.max(0, Math.min(ms, durationMs - passed())));
  const run = async (plan: Planned[]) => {
    for (const { fault, after, lasts } of plan) {
      await sleep(after);
      if (passed() >= durationMs) return;
      const beganAt = passed();
      await within(fault.begin(), `${fault.name} to begin`);
      if (fault.end !== undefined) {
        await sleep(lasts);
        await within(fault.end(), `${fault.name} to end`);
      }
      done.push(`${beganAt} to ${passed()} ms: ${fault.name}`);
    }
  };
  const ended = await Promise.allSettled(plans.map(run));
  for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
  return done;
}

function within(step: unknown, what: string): Promise<unknown> {
  return finishes(Promise.resolve(step), { timeoutMs: STEP_WITHIN_MS, what });
}
