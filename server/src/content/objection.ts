import type { Place } from '@tessera/model';

/** Which rule is in the way; the label of the metric. */
export type ContentRule = 'schema' | 'bytes' | 'widgets';

/** Why an update may not do to a place of the board what it would do. */
export interface Objection {
  readonly place: Place;
  readonly rule: ContentRule;
  /** In a sentence for whoever made the edit. */
  readonly reason: string;
}
