import type { Contestant, Site, Stage } from '../contestants/contestant.ts';

/** Something that is measured, of every contestant in it. */
export interface Scenario {
  /** For `--only`, and in the results. */
  readonly name: string;
  /** What is done, in a line. */
  readonly about: string;
  readonly figures: readonly Figure[];
  /** Names of the contestants, in the order of the table. */
  readonly contestants: readonly string[];
  /** How often each contestant runs it, by turns, each time on servers that were started anew. */
  readonly rounds: number;
  /** Whether `--quick` has it, in one round. */
  readonly isQuick: boolean;
  /** The servers are not fit for another scenario afterwards. */
  readonly isHeavy?: boolean;
  run(scene: Scene): Promise<Outcome>;
}

/** One column of a scenario's table. Less is better, everywhere. */
export interface Figure {
  readonly key: string;
  readonly title: string;
  /** `ms`, `µs`, `MiB`, … */
  readonly unit: string;
  readonly digits: number;
}

/** What a scenario has to run with. */
export interface Scene {
  readonly contestant: Contestant;
  readonly stage: Stage;
  readonly isQuick: boolean;
  /** The contestant, running and warmed up; it is shared with the other scenarios of the round. */
  site(): Promise<Site>;
}

/** One run of a scenario. */
export interface Outcome {
  /** By the keys of the scenario's figures; one that is missing does not apply. */
  readonly figures: Readonly<Record<string, number>>;
  /** What is wrong with the run; empty if everything arrived, and all ended equal. */
  readonly faults: readonly string[];
  /** Share of a core the generator used: close to 1, it measures itself. */
  readonly generatorShare?: number;
  /** Share of a core used by what is no part of the measurement. */
  readonly othersShare?: number;
}
