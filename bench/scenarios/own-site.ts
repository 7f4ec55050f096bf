import { finishes } from '../../test/support/wait.ts';
import type { Site } from '../contestants/contestant.ts';
import type { Usage } from '../machine/usage.ts';
import type { Outcome, Scene } from './scenario.ts';

/**
 * What limits one user and one connection of Tessera, out of the way: for scenarios in which one client
 * does the work of many. Others have no such limits.
 */
export const unlimited = {
  TESSERA_MAX_FRAMES_PER_SECOND: '1000000',
  TESSERA_MAX_USER_FRAMES_PER_SECOND: '1000000',
  TESSERA_MAX_USER_WORK_MS_PER_SECOND: '1000',
};

/** Several times what the longest takes. */
const ENDS_WITHIN_MS = 180_000;

/**
 * Measures a contestant that was started for this alone, and ends it. What a deadline cut short is a fault
 * of the run, with the figures there are.
 */
export async function onOwnSite(
  { contestant, stage }: Scene,
  env: Record<string, string>,
  measure: (site: Site, run: Unfinished) => Promise<void>,
): Promise<Outcome> {
  const run: Unfinished = { figures: {}, faults: [] };
  const site = await contestant.start(stage, env);
  try {
    await finishes(measure(site, run), { timeoutMs: ENDS_WITHIN_MS, what: 'the run to end' });
  } catch (error) {
    run.faults.push(describe(error));
  } finally {
    await site.stop();
  }
  return run;
}

/** An outcome that is being written. */
export interface Unfinished {
  readonly figures: Record<string, number>;
  readonly faults: string[];
  generatorShare?: number;
  othersShare?: number;
}

/** Of the parts of a run, the one that was disturbed most counts. */
export function noteShares(
  run: Unfinished,
  { generatorShare, othersShare }: Pick<Usage, 'generatorShare' | 'othersShare'>,
): void {
  run.generatorShare = Math.max(run.generatorShare ?? 0, generatorShare);
  run.othersShare = Math.max(run.othersShare ?? 0, othersShare);
}

/** What went wrong, and why. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
