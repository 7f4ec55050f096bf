/** Something small that is done very often. */
export interface Micro {
  readonly name: string;
  /** How many of them `run` does; the figures are of one. Default 1. */
  readonly times?: number;
  /** `run` waits for something on its way: only this thread's CPU counts, and not the time that passes. */
  readonly waits?: boolean;
  /** What `run` needs, and whose time does not count. */
  prepare?(): void;
  run(): unknown;
  /** After each `run`; its time does not count either. */
  cleanUp?(): void;
}

/** Some that belong together. */
export interface MicroGroup {
  readonly name: string;
  readonly micros: readonly Micro[];
  close?(): unknown;
}
