import {
  type Place,
  placeKey,
  type Refused,
  type RejectedMessage,
  TesseraError,
} from '@tessera/model';
import { rejectionOf, type WriteGuard } from '../auth/write-guard.ts';
import type { ContentRule, Objection } from '../content/objection.ts';

const MAX_REASONS = 5;

/** Where on a board an update may not write: what the token does not allow, and what the board may not hold. */
export class Obstacles {
  readonly rules = new Set<ContentRule>();
  readonly #guard: WriteGuard;
  readonly #reasons = new Map<string, string>();
  #isEverywhere = false;

  constructor(guard: WriteGuard) {
    this.#guard = guard;
  }

  leaveFree(place: Place): boolean {
    if (this.#isEverywhere || !this.#guard.mayWrite(place)) return false;
    return this.#reasons.size === 0 || !this.#reasons.has(placeKey(place));
  }

  /**
   * After the last round nothing may be written at all.
   * @throws TesseraError `edit-refused` when what is left without these places is objected to again
   */
  add(objections: readonly Objection[], { isLastRound }: { isLastRound: boolean }): void {
    const known = this.#reasons.size;
    for (const { place, rule, reason } of objections) {
      this.rules.add(rule);
      this.#reasons.set(placeKey(place), reason);
    }
    if (this.#isEverywhere || (this.#reasons.size === known && !isLastRound)) {
      throw new TesseraError('edit-refused', objections[0]?.reason);
    }
    this.#isEverywhere = isLastRound;
  }

  rejectionOf(refused: Refused): RejectedMessage {
    const isForbidden = (place: Place) => !this.#guard.mayWrite(place);
    const forbidden = {
      ...refused,
      widgets: refused.widgets.filter((widget) => isForbidden({ widget })),
      roots: refused.roots.filter((root) => isForbidden({ root })),
    };
    const reasons = [...new Set(this.#reasons.values())];
    const more = reasons.length - MAX_REASONS;
    if (more > 0) reasons.splice(MAX_REASONS, more, `and ${more} more`);
    if (forbidden.widgets.length + forbidden.roots.length > 0) {
      reasons.push(rejectionOf(forbidden).reason);
    }
    const rejection = rejectionOf(refused);
    const { widgets, roots = [] } = rejection;
    if (reasons.length > 0) return { ...rejection, reason: reasons.join('; ') };
    if (widgets.length + roots.length === 0) return rejection;
    return { ...rejection, reason: 'the edit does not fit what it is put beside' };
  }
}
