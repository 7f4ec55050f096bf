import type { Figure } from '../scenarios/scenario.ts';
import { fullNameOf } from './figures.ts';
import { has } from './peers.ts';
import type { ScenarioResult } from './results.ts';

/** What belongs into one chart: a figure, or a median and a high percentile of the same thing. */
export type View = readonly [Figure] | readonly [Figure, Figure];

interface Choice {
  /** Beginnings of the names of scenarios. */
  readonly of: readonly string[];
  /** Keys, the most telling first; `a+b` goes into one chart. The rest is in the full tables only. */
  readonly main: readonly string[];
  /** Keys for where there is room for one or two. */
  readonly brief: readonly string[];
}

const delays = 'delayP50Ms+delayP99Ms';
const otherNode = 'crossP50Ms+crossP99Ms';
const acks = 'ackP50Ms+ackP99Ms';

const choices: readonly Choice[] = [
  {
    of: ['steady', 'burst', 'many-boards'],
    main: ['cpuPerUpdateUs', delays, acks, 'residentMiB', otherNode],
    brief: ['cpuPerUpdateUs', 'delayP99Ms'],
  },
  {
    of: ['observers'],
    main: ['cpuPerFrameUs', delays],
    brief: ['cpuPerFrameUs', 'delayP99Ms'],
  },
  {
    of: ['presence'],
    main: ['cpuShare', delays, otherNode],
    brief: ['cpuShare', 'delayP99Ms'],
  },
  {
    of: ['durable-ack'],
    main: [acks, 'cpuPerUpdateUs'],
    brief: ['ackP50Ms', 'ackP99Ms'],
  },
  {
    of: ['join-storm'],
    main: ['warmP50Ms+warmP99Ms', 'coldP50Ms+coldP99Ms', 'warmPeakMiB', 'coldPeakMiB'],
    brief: ['warmP99Ms', 'coldP99Ms'],
  },
  {
    of: ['cold-load'],
    main: ['load4MbMs', 'load20MbMs', 'loadLogMs', 'peak20MbMiB'],
    brief: ['load20MbMs', 'loadLogMs'],
  },
  {
    of: ['reconnect-storm'],
    main: ['allSyncedMs', 'waitP50Ms+waitMaxMs', 'cpuPerClientUs', 'peakMiB'],
    brief: ['allSyncedMs', 'waitMaxMs'],
  },
  {
    of: ['offline-return'],
    main: ['syncedMs', 'othersMs', 'cpuMs', 'besideP99Ms'],
    brief: ['othersMs', 'besideP99Ms'],
  },
  { of: ['idle'], main: ['socketKiB', 'boardKiB', 'cpuShare'], brief: ['socketKiB', 'cpuShare'] },
  {
    of: ['growth'],
    main: ['turnJoinRatio', 'randomJoinRatio', 'turnStoredRatio', 'randomStoredRatio'],
    brief: ['turnJoinRatio', 'turnStoredRatio'],
  },
  {
    of: ['write-amplification'],
    main: ['pgBytesPerEditByte', 'walPerEdit'],
    brief: ['pgBytesPerEditByte'],
  },
  {
    of: ['compaction'],
    main: ['cpuMs', 'grownMiB', 'delayP99CalmMs', 'delayP99Ms'],
    brief: ['cpuMs', 'delayP99Ms'],
  },
  { of: ['trace'], main: ['seconds', 'cpuSeconds', 'joinBytes'], brief: ['seconds', 'cpuSeconds'] },
  { of: ['kill'], main: ['lost', 'unacked'], brief: ['lost'] },
  {
    of: ['leaving'],
    main: ['closedTabP50Ms+closedTabMaxMs', 'killedNodeP50Ms+killedNodeMaxMs'],
    brief: ['closedTabMaxMs', 'killedNodeMaxMs'],
  },
];

const MOST_OF_OTHERS = 6;

function choiceFor({ name, figures }: Pick<ScenarioResult, 'name' | 'figures'>): Choice {
  const keys = figures.map(({ key }) => key);
  return (
    choices.find(({ of }) =>
      of.some((start) => name === start || name.startsWith(`${start}-`)),
    ) ?? {
      of: [],
      main: keys.slice(0, MOST_OF_OTHERS),
      brief: keys.slice(0, 2),
    }
  );
}

/** What to show of a scenario first, as far as it was measured. */
export function mainViews(scenario: ScenarioResult): View[] {
  const figures = measured(scenario);
  return choiceFor(scenario).main.flatMap((keys): View[] => {
    const [first, second] = keys.split('+').map((key) => figures.find((one) => one.key === key));
    if (first === undefined) return [];
    return [second === undefined ? [first] : [first, second]];
  });
}

export function briefFigures(scenario: ScenarioResult): Figure[] {
  const { brief } = choiceFor(scenario);
  return measured(scenario).filter(({ key }) => brief.includes(key));
}

/** The figures that anybody has. */
export function measured({ figures, runs }: ScenarioResult): Figure[] {
  return figures.filter(({ key }) => runs.some((run) => has(run, key)));
}

/** `delay p50 and p99` */
export function viewTitle([first, second]: View, figures: readonly Figure[]): string {
  if (second === undefined) return fullNameOf(first, figures);
  const [, subject = ''] = /^(.+?: )/.exec(first.title) ?? [];
  const rest = second.title.startsWith(subject) ? second.title.slice(subject.length) : second.title;
  return `${first.title} and ${rest}`;
}
