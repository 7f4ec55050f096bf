import type { Outcome } from '../scenarios/scenario.ts';
import { figureOf, numberText, ratioOf, ratioText } from './figures.ts';
import { type Goal, goals } from './goals.ts';
import { isDisturbed, isSelfMeasured } from './notes.ts';
import { peerOf } from './peers.ts';
import type { Results, ScenarioResult } from './results.ts';

export interface JudgedGoal {
  readonly goal: Goal;
  readonly verdict: 'met' | 'missed' | 'reported' | 'not measured';
  /** `≤ 0.65 × Hocuspocus, in memory` */
  readonly limit: string;
  /** `0.61 ×`; empty when it is not measured. */
  readonly measured: string;
  /** Why the figures are not to be trusted; undefined if they are. */
  readonly doubt: string | undefined;
}

/** Holds what was measured against the goals. */
export function judge(
  { scenarios }: Pick<Results, 'scenarios'>,
  all: readonly Goal[] = goals,
): JudgedGoal[] {
  return all.map((goal) => {
    const scenario = scenarios.find(({ name }) => name === goal.scenario);
    const limit = limitText(goal, scenario);
    const outcomes = outcomesOf(scenario, goal.of);
    const others = outcomesOf(scenario, goal.against?.contestant ?? goal.of);
    const value =
      goal.against === undefined
        ? figureOf(goal.key, outcomes).median
        : ratioOf(goal.key, outcomes, others, goal.against.key);
    if (!Number.isFinite(value)) {
      return { goal, verdict: 'not measured', limit, measured: '', doubt: undefined };
    }
    return {
      goal,
      verdict: verdictOn(value, goal.limit),
      limit,
      measured: goal.against === undefined ? absolute(goal, scenario, value) : ratioText(value),
      doubt: doubtOn([...outcomes, ...others]),
    };
  });
}

function verdictOn(value: number, limit: number | undefined): JudgedGoal['verdict'] {
  if (limit === undefined) return 'reported';
  return value <= limit ? 'met' : 'missed';
}

function outcomesOf(scenario: ScenarioResult | undefined, contestant: string): readonly Outcome[] {
  return scenario?.runs.find(({ name }) => name === contestant)?.outcomes ?? [];
}

function limitText(goal: Goal, scenario: ScenarioResult | undefined): string {
  const { limit, against } = goal;
  if (limit === undefined) return 'reported';
  if (against === undefined) return `≤ ${absolute(goal, scenario, limit)}`;
  const { contestant = goal.of, title = peerOf(contestant).short } = against;
  return `≤ ${limit} × ${title}`;
}

/** A value or a limit in the figure's unit; a limit has the digits it is written with. */
function absolute(goal: Goal, scenario: ScenarioResult | undefined, value: number): string {
  const { key, limit, unit } = goal;
  const digits = scenario?.figures.find((one) => one.key === key)?.digits ?? 0;
  const text = value === limit ? value.toLocaleString('en-US') : numberText(value, digits);
  return unit === undefined ? text : `${text} ${unit}`;
}

/** Why the figures could be anything. */
function doubtOn(outcomes: readonly Outcome[]): string | undefined {
  if (outcomes.some(({ faults }) => faults.length > 0)) return 'a run has faults';
  if (outcomes.some(isDisturbed)) return 'a run was disturbed';
  if (outcomes.some(isSelfMeasured)) return 'the generator was too busy';
  return undefined;
}
