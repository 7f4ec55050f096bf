import { type QuantityKey, quantities, type Sample } from './sample.ts';
import { type Slope, slopeOf } from './slope.ts';

/** One thing that was looked at, over the whole soak. */
export interface Finding {
  readonly title: string;
  /** Before the load, after a first one was over. */
  readonly before: number;
  readonly median: number;
  readonly most: number;
  /** When everybody had left. */
  readonly after: number;
  /** Over the second half of the load; undefined if that was too short. */
  readonly slope: Slope | undefined;
  /** What is wrong with it; undefined if nothing is. */
  readonly leak: string | undefined;
}

export interface Course {
  readonly before: Sample;
  readonly during: readonly Sample[];
  readonly after: Sample;
}

/** So much more than before there may be when all have left: `memory` in MiB, others in numbers. */
const MORE_AT_REST: Partial<Record<QuantityKey, number>> = {
  heapMiB: 10,
  externalMiB: 10,
  files: 10,
  handles: 10,
  timers: 6,
  // One stays: what is for all nodes.
  channels: 0,
};
const NONE_AT_REST: readonly QuantityKey[] = ['sockets', 'boards', 'subscriptions'];
/** What compilers and caches take in the beginning is no leak: what may grow in so long may grow in less, too. */
const SETTLING_HOURS = 0.2;
/** In shorter loads there is nothing to say about a slope. */
const MIN_HOURS = { any: 2 / 60, residentMiB: 10 / 60 };

/** Says of each quantity whether it grows without end. */
export function judgeSoak({ before, during, after }: Course): Finding[] {
  const hours = during.at(-1)?.hours ?? 0;
  const half = during.filter((sample) => sample.hours >= hours / 2);
  return quantities.map(({ key, title, perHour }) => {
    const values = during.map((sample) => sample.values[key]).filter(Number.isFinite);
    const sorted = values.toSorted((a, b) => a - b);
    const needed = key === 'residentMiB' ? MIN_HOURS.residentMiB : MIN_HOURS.any;
    const slope =
      hours < needed
        ? undefined
        : slopeOf(half.map((sample) => [sample.hours, sample.values[key]]));
    const rest = { before: before.values[key], after: after.values[key] };
    return {
      title,
      ...rest,
      median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
      most: sorted.at(-1) ?? Number.NaN,
      slope,
      leak: leftOver(key, rest) ?? growth(slope, perHour, hours / 2),
    };
  });
}

/** `hours`: in which the slope was taken. */
function growth(
  slope: Slope | undefined,
  perHour: number | undefined,
  hours: number,
): string | undefined {
  if (slope === undefined || perHour === undefined) return undefined;
  const sure = (slope.perHour - slope.noise) * hours;
  const allowed = perHour * Math.max(hours, SETTLING_HOURS);
  if (!(sure > allowed)) return undefined;
  const minutes = (hours * 60).toFixed(1);
  return `grew by ${sure.toFixed(1)} or more in ${minutes} minutes; ${allowed.toFixed(1)} may be`;
}

function leftOver(
  key: QuantityKey,
  { before, after }: { before: number; after: number },
): string | undefined {
  if (NONE_AT_REST.includes(key)) {
    return after === 0 ? undefined : `${after} are left when everybody has left`;
  }
  const more = MORE_AT_REST[key];
  if (more === undefined || after - before <= more) return undefined;
  return `${(after - before).toFixed(0)} more than before when everybody has left; ${more} may be`;
}
