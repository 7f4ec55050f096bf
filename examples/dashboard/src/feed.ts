/** How often the metrics have a new value. */
export const STEP_S = 2;
/** How many values a chart shows. */
export const POINTS = 90;

/** A moment of the feed: everybody who looks at it at once sees the same values. */
export function stepNow(): number {
  return Math.floor(Date.now() / 1000 / STEP_S);
}

/** The value of a series at a step, from 0 to 1: a walk that depends on the name only. */
export function valueAt(series: string, step: number): number {
  const { seed, middle, reach } = natureOf(series);
  // Four walks of different pace on top of each other: calm as a whole, lively in detail.
  const walk =
    0.5 * smoothNoise(seed, step / 61) +
    0.28 * smoothNoise(seed + 101, step / 17) +
    0.15 * smoothNoise(seed + 202, step / 5) +
    0.07 * smoothNoise(seed + 303, step);
  return Math.min(1, Math.max(0, middle + (walk - 0.5) * 2 * reach));
}

interface Nature {
  readonly seed: number;
  readonly middle: number;
  readonly reach: number;
}

// What the name of a series leads one to expect of it.
const expected: readonly (readonly [name: RegExp, middle: number, reach: number])[] = [
  [/error|fail|drop/i, 0.012, 0.012],
  [/p50|median/i, 0.24, 0.07],
  [/p9[05]/i, 0.46, 0.12],
  [/p99/i, 0.72, 0.2],
];
const natures = new Map<string, Nature>();

function natureOf(series: string): Nature {
  const known = natures.get(series);
  if (known !== undefined) return known;
  const seed = hash(series);
  const [, middle = 0.3 + 0.35 * noise(seed, 1), reach = 0.16 + 0.16 * noise(seed, 2)] =
    expected.find(([name]) => name.test(series)) ?? [];
  const nature = { seed, middle, reach };
  natures.set(series, nature);
  return nature;
}

/** The last values of a series up to a step. */
export function valuesUntil(series: string, step: number, count = POINTS): number[] {
  return Array.from({ length: count }, (_, index) => valueAt(series, step - count + 1 + index));
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Calls the listener at each step. Nothing ticks while nobody listens. */
export function onStep(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    if (document.hidden) return;
    for (const told of [...listeners]) told();
  }, STEP_S * 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function smoothNoise(seed: number, at: number): number {
  const before = Math.floor(at);
  const part = at - before;
  const eased = part * part * (3 - 2 * part);
  return noise(seed, before) * (1 - eased) + noise(seed, before + 1) * eased;
}

/** From 0 to 1, the same for the same arguments: the finalizer of MurmurHash3. */
function noise(seed: number, at: number): number {
  let bits = Math.imul(seed ^ Math.imul(at, 0x9e3779b1), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

/** FNV-1a. */
function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193);
  }
  return bits >>> 0;
}
