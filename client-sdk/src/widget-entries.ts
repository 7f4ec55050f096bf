import { type EntryHome, WidgetEntry } from './widget-entry.ts';

/**
 * The widgets that somebody asked for. Those on the board and those with listeners are kept. Others
 * last as long as somebody holds a handle, so that it finds its widget again if that comes back.
 */
export class WidgetEntries {
  readonly #home: EntryHome;
  readonly #kept = new Map<string, WidgetEntry>();
  readonly #others = new Map<string, WeakRef<WidgetEntry>>();
  readonly #forgotten = new FinalizationRegistry<string>((id) => {
    if (this.#others.get(id)?.deref() === undefined) this.#others.delete(id);
  });

  constructor(home: Omit<EntryHome, 'settle'>) {
    this.#home = {
      get doc() {
        return home.doc;
      },
      edit: (change, widget) => home.edit(change, widget),
      invalid: (invalid) => home.invalid(invalid),
      settle: (entry) => this.settle(entry),
    };
  }

  find(id: string): WidgetEntry | undefined {
    return this.#kept.get(id) ?? this.#others.get(id)?.deref();
  }

  get(id: string): WidgetEntry {
    const known = this.find(id);
    if (known !== undefined) return known;
    const entry = new WidgetEntry(id, this.#home);
    this.#forgotten.register(entry, id);
    this.settle(entry);
    return entry;
  }

  known(): WidgetEntry[] {
    const others = [...this.#others.values()].flatMap((entry) => entry.deref() ?? []);
    return [...this.#kept.values(), ...others];
  }

  /** Whether an entry has to be kept may have changed. */
  settle(entry: WidgetEntry): void {
    if (entry.widget !== undefined || entry.observed) {
      this.#kept.set(entry.id, entry);
      this.#others.delete(entry.id);
    } else {
      this.#kept.delete(entry.id);
      this.#others.set(entry.id, new WeakRef(entry));
    }
  }
}
