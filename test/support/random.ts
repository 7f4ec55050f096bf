/**
 * A seeded generator for tests that act at random. The seed is `TEST_SEED` or a new one; print it, so
 * that a failure can be repeated.
 */
export function random(seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)) {
  let state = seed;
  const next = (): number => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    seed,
    next,
    /** A number from `low` up to `high`. */
    between: (low: number, high: number) => low + next() * (high - low),
  };
}
