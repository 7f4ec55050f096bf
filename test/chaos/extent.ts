import { random } from '../support/random.ts';

// How much is tried: little in `npm test`, which somebody waits for; `npm run chaos` sets more.
const seedCount = Number(process.env['CHAOS_SEEDS'] ?? 3);
/** How long things break for each seed. */
export const durationMs = Number(process.env['CHAOS_SECONDS'] ?? 15) * 1000;
/** How long Redis is gone. */
export const outageMs = Number(process.env['CHAOS_OUTAGE_SECONDS'] ?? 10) * 1000;

/** New ones, as many as the extent says or that share of them; or the one that TEST_SEED gives. */
export function seeds(share = 1): number[] {
  const { seed } = random();
  const count = process.env['TEST_SEED'] === undefined ? Math.ceil(seedCount * share) : 1;
  return Array.from({ length: count }, (_, index) => seed + index);
}
/** How often the server is killed right after it said "saved". */
export const killCount = Number(process.env['CHAOS_KILLS'] ?? 10);
