import type { Widget } from '@tessera/model';

/** What is wrong with the state of a widget: `/series/0/color must be string`; undefined if nothing is. */
export type StateCheck = (state: Widget['state']) => string | undefined;

/** The checks by `<widget type>`, and by `<widget type>@<version>`, which comes before it. */
export class WidgetSchemas {
  readonly #ofTypes = new Map<string, StateCheck>();
  readonly #ofVersions = new Map<string, StateCheck>();

  constructor(checks: ReadonlyMap<string, StateCheck>) {
    for (const [name, check] of checks) {
      (/.@\d+$/.test(name) ? this.#ofVersions : this.#ofTypes).set(name, check);
    }
  }

  has(widget: Widget): boolean {
    return this.#checkOf(widget) !== undefined;
  }

  /** Undefined also for a widget of a type that has no schema. */
  problemOf(widget: Widget): string | undefined {
    try {
      return this.#checkOf(widget)?.(widget.state);
    } catch (error) {
      // What cannot be judged is not taken: nested too deep for the stack, or a validator with a fault.
      return `cannot be checked: ${(error as Error).message}`;
    }
  }

  #checkOf({ type, version }: Widget): StateCheck | undefined {
    return this.#ofVersions.get(`${type}@${version}`) ?? this.#ofTypes.get(type);
  }
}
