import type { Outcome } from '../scenarios/scenario.ts';
import type { Run } from './peers.ts';

/** A generator that is busier than this measures itself. */
const MAX_GENERATOR_SHARE = 0.85;
const MAX_OTHERS_SHARE = 0.15;

/** Whether other programs on the machine took so much of it that the figures mean little. */
export function isDisturbed({ othersShare = 0 }: Outcome): boolean {
  return othersShare > MAX_OTHERS_SHARE;
}

/** Whether the load generator had so much to do that delays are its own. */
export function isSelfMeasured({ generatorShare = 0 }: Outcome): boolean {
  return generatorShare > MAX_GENERATOR_SHARE;
}

/** What a reader has to know about the runs, a sentence each; the same about several runs is said once. */
export function notesOn(runs: readonly Run[]): string[] {
  const faults = runs.flatMap(({ title, outcomes }) =>
    outcomes.flatMap(({ faults }, round) =>
      faults.map((fault) => `${title}, round ${round + 1}: ${fault}`),
    ),
  );
  const busy = sharesOf(runs, isSelfMeasured, ({ generatorShare = 0 }) => generatorShare);
  const disturbed = sharesOf(runs, isDisturbed, ({ othersShare = 0 }) => othersShare);
  return [
    ...faults,
    ...(busy
      ? [`The generator had too little of its core left, so delays are its own: ${busy}.`]
      : []),
    ...(disturbed
      ? [`Other programs took part of the machine, so figures mean little: ${disturbed} of a core.`]
      : []),
  ];
}

/** `Hocuspocus, in memory 128 %; @y/websocket-server 152 %, 20 %` */
function sharesOf(
  runs: readonly Run[],
  isMeant: (outcome: Outcome) => boolean,
  shareOf: (outcome: Outcome) => number,
): string {
  return runs
    .flatMap(({ title, outcomes }) => {
      const shares = outcomes.filter(isMeant).map((outcome) => percent(shareOf(outcome)));
      return shares.length === 0 ? [] : `${title} ${shares.join(', ')}`;
    })
    .join('; ');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
