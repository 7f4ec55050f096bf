/** How something changes over time. */
export interface Slope {
  readonly perHour: number;
  /** The slope is that, give or take so much, with 95 % confidence. */
  readonly noise: number;
}

/** Samples that follow each other are alike, so their averages over so many stretches are what counts. */
const BLOCKS = 8;
/** Student's t for 95 % and two less than the blocks. */
const T = 2.447;

/** Least squares over points of hours and values; those without a value are left out. */
export function slopeOf(points: readonly (readonly [hours: number, value: number])[]): Slope {
  const known = points.filter(([, value]) => Number.isFinite(value));
  const size = known.length / BLOCKS;
  if (size < 1) return { perHour: Number.NaN, noise: Number.NaN };
  const blocks = Array.from({ length: BLOCKS }, (_, n) => {
    const block = known.slice(Math.round(n * size), Math.round((n + 1) * size));
    return [mean(block.map(([at]) => at)), mean(block.map(([, value]) => value))] as const;
  });
  const [middle, level] = [mean(blocks.map(([at]) => at)), mean(blocks.map(([, value]) => value))];
  const spread = sum(blocks.map(([at]) => (at - middle) ** 2));
  const perHour = sum(blocks.map(([at, value]) => (at - middle) * (value - level))) / spread;
  const rest = sum(blocks.map(([at, value]) => (value - level - perHour * (at - middle)) ** 2));
  return { perHour, noise: T * Math.sqrt(rest / (BLOCKS - 2) / spread) };
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
