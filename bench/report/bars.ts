import { spreadOf } from '../machine/statistics.ts';
import { figureOf, ratioOf } from './figures.ts';
import { floorFor, peerOf, type Run, stockFor } from './peers.ts';
import type { View } from './views.ts';

/** What is drawn of a contestant. Places are shares of the track, from 0 to 1. */
export interface Bar {
  readonly run: Run;
  /** The medians, in the order of the view. */
  readonly values: readonly number[];
  /** Ends of the bars of `values`. */
  readonly ends: readonly number[];
  /** Lowest and highest of the rounds of the last value; undefined after one round. */
  readonly whisker: readonly [number, number] | undefined;
  /** It is longer than there is room for, and drawn torn. */
  readonly isTorn: boolean;
  /** The others are compared to it. */
  readonly isStock: boolean;
  /** Of the last value to stock's; undefined for stock itself, and where there is none. */
  readonly ratio: number | undefined;
}

export interface Chart {
  /** Contestants with one node and with two, each only compared with their like. */
  readonly groups: readonly (readonly Bar[])[];
  /** Place of the floor's last value. */
  readonly floor: number | undefined;
}

/** Longer than this many times the middle one, a bar says no more by being drawn than by its number. */
const TORN_FROM = 4;
/** Of the track, for the longest bar that is drawn whole. */
const LONGEST = 0.97;

/** The bars of all who have the view's figures. Those far beyond the others are torn, and squash nobody. */
export function chartOf(view: View, runs: readonly Run[]): Chart {
  const key = (view[1] ?? view[0]).key;
  const shown = runs.filter(({ outcomes }) => Number.isFinite(figureOf(key, outcomes).median));
  const spreadOfRun = ({ outcomes }: Run) => figureOf(key, outcomes);
  const { median: middle } = spreadOf(shown.map((run) => spreadOfRun(run).median));
  const most = middle > 0 ? TORN_FROM * middle : Number.POSITIVE_INFINITY;
  const whole = shown.map(spreadOfRun).filter(({ median }) => median <= most);
  // The whisker of one disturbed round does not set the scale either.
  const longest = Math.max(...whole.map(({ median, high }) => Math.min(high, 1.5 * median)));
  const place = (value: number) => (longest > 0 ? Math.min(1, (LONGEST * value) / longest) : 0);
  const bars = shown.map((run): Bar => {
    const { median, low, high } = spreadOfRun(run);
    const stock = stockFor(run.name, key, runs);
    const ratio =
      stock === undefined || stock === run
        ? Number.NaN
        : ratioOf(key, run.outcomes, stock.outcomes);
    const isTorn = median > most;
    const values = view.map((figure) => figureOf(figure.key, run.outcomes).median);
    return {
      run,
      values,
      ends: values.map(place),
      whisker: low === high || isTorn ? undefined : [place(low), place(high)],
      isTorn,
      isStock: stock === run,
      ratio: Number.isFinite(ratio) ? ratio : undefined,
    };
  });
  const [first] = shown;
  const floor = first && floorFor('', key, runs);
  return {
    groups: [1, 2]
      .map((nodes) => bars.filter(({ run }) => peerOf(run.name).nodes === nodes))
      .filter((group) => group.length > 0),
    floor: floor && place(spreadOfRun(floor).median),
  };
}
