import type { Contestant, Site, Stage } from './contestants/contestant.ts';
import { untilQuiet } from './machine/machine.ts';
import { isDisturbed } from './report/notes.ts';
import type { ScenarioResult } from './report/results.ts';
import { warmUp } from './scenarios/editing.ts';
import { describe } from './scenarios/own-site.ts';
import type { Outcome, Scenario } from './scenarios/scenario.ts';

export interface Suite {
  readonly scenarios: readonly Scenario[];
  readonly contestants: readonly Contestant[];
  readonly stage: Stage;
  /** One round, and short ones. */
  readonly isQuick: boolean;
}

/** Of a run that other programs disturbed. */
const MAX_ATTEMPTS = 3;

/** Every contestant in every scenario, by turns: A B C, A B C, … */
export async function runSuite({
  scenarios,
  contestants,
  stage,
  isQuick,
}: Suite): Promise<ScenarioResult[]> {
  const results = scenarios.map((scenario) => ({
    scenario,
    runs: scenario.contestants.flatMap((name) => {
      const contestant = contestants.find((one) => one.name === name);
      return contestant === undefined ? [] : { contestant, outcomes: [] as Outcome[] };
    }),
  }));
  const rounds = isQuick ? 1 : Math.max(...scenarios.map((scenario) => scenario.rounds));
  for (let round = 0; round < rounds; round++) {
    const sites = new Sites(stage, isQuick);
    for (const { scenario, runs } of results) {
      if (round >= scenario.rounds) continue;
      for (const { contestant, outcomes } of runs) {
        const measure = () =>
          scenario.run({ contestant, stage, isQuick, site: () => sites.of(contestant) });
        const startedAt = performance.now();
        const outcome = await undisturbed(measure, isQuick ? 1 : MAX_ATTEMPTS);
        outcomes.push(outcome);
        if (scenario.isHeavy || outcome.faults.length > 0) await sites.end(contestant);
        const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
        progress(
          `round ${round + 1} of ${rounds}, ${scenario.name}, ${contestant.name}: ${seconds} s`,
        );
      }
    }
    await sites.endAll();
  }
  return results.map(({ scenario: { name, about, figures }, runs }) => ({
    name,
    about,
    figures,
    runs: runs.map(({ contestant, outcomes }) => ({
      name: contestant.name,
      title: contestant.title,
      outcomes,
    })),
  }));
}

/** The contestants that run in a round, each started and warmed up when it is first asked for. */
class Sites {
  readonly #stage: Stage;
  readonly #isQuick: boolean;
  readonly #running = new Map<Contestant, Site>();

  constructor(stage: Stage, isQuick: boolean) {
    this.#stage = stage;
    this.#isQuick = isQuick;
  }

  async of(contestant: Contestant): Promise<Site> {
    const running = this.#running.get(contestant);
    if (running !== undefined) return running;
    const site = await contestant.start(this.#stage);
    this.#running.set(contestant, site);
    await warmUp(site, this.#stage, this.#isQuick);
    await untilQuiet();
    return site;
  }

  async end(contestant: Contestant): Promise<void> {
    const site = this.#running.get(contestant);
    this.#running.delete(contestant);
    await site?.stop();
  }

  async endAll(): Promise<void> {
    for (const contestant of this.#running.keys()) await this.end(contestant);
  }
}

/** Measures again while other programs take too much of the machine, but not for ever. */
async function undisturbed(measure: () => Promise<Outcome>, attempts: number): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    await untilQuiet();
    const outcome = await measure().catch(failed);
    if (!isDisturbed(outcome) || attempt >= attempts) return outcome;
  }
}

/** The others are measured all the same. */
function failed(error: unknown): Outcome {
  return { figures: {}, faults: [`it could not be measured: ${describe(error)}`] };
}

function progress(text: string): void {
  if (process.stderr.isTTY || process.env['DEBUG']) console.error(text);
}
