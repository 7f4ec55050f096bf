import { readWidget, widgetsOf } from '@tessera/model';
import * as Y from 'yjs';
import { stockHocuspocus } from './providers.ts';
import { tokenFor } from './tessera.ts';

/** What somebody writes who knows nothing of definitions. */
export const rawWrites = [
  'odd',
  'key',
  'nested key',
  'own key',
  'wrong',
  'newer',
  'older',
  'twice',
  'junk',
] as const;
export type RawWrite = (typeof rawWrites)[number];

/** Widgets that all may edit, and nobody removes: `guard-chart`, and `guard-task` of an older version. */
export const guards = ['guard-chart', 'guard-task'] as const;

/** A stock provider that writes straight into its document, among others what the SDK does not know. */
export class RawWriter {
  readonly #provider: ReturnType<typeof stockHocuspocus>;
  /** Unknown keys of the guards, with their values: `<guard>/<path>`. */
  readonly unknown = new Map<string, number>();
  /** Widgets of unknown types, as they were made. */
  readonly odd = new Map<string, unknown>();
  #count = 0;

  constructor(url: string, board: string, clientId: number) {
    const doc = new Y.Doc();
    doc.clientID = clientId;
    this.#provider = stockHocuspocus(url, board, tokenFor('raw'), doc);
  }

  get doc(): Y.Doc {
    return this.#provider.doc;
  }

  get isSynced(): boolean {
    const { provider } = this.#provider;
    return provider.isSynced && !provider.hasUnsyncedChanges;
  }

  get state(): string {
    const { provider, socket } = this.#provider;
    return `${socket.status}, synced ${provider.isSynced}, ${provider.unsyncedChanges} unsynced`;
  }

  /** Puts the guards on the board. */
  begin(): void {
    this.#put('guard-chart', 'chart', 1, {
      name: 'guard',
      notes: new Y.Text('notes'),
      points: Y.Array.from([{ id: 'i', n: 1, odd: true }]),
      style: mapOf({ color: 'red', axis: mapOf({ min: 0, max: 1 }) }),
    });
    this.#put('guard-task', 'task', 1, { name: 'older' });
  }

  write(what: RawWrite, at: number, n: number): void {
    this.#count += 1;
    const name = `x${this.#count}`;
    const guard = guards[at % guards.length] ?? 'guard-chart';
    switch (what) {
      case 'odd':
        this.#put(`odd-${name}`, 'odd', 7, {
          text: new Y.Text('odd'),
          list: Y.Array.from([mapOf({ n }), n]),
          deep: mapOf({ deeper: mapOf({ n }) }),
        });
        this.odd.set(`odd-${name}`, readWidget(this.doc, `odd-${name}`)?.state);
        return;
      case 'key':
        this.#state(guard)?.set(name, n);
        this.unknown.set(`${guard}/${name}`, n);
        return;
      case 'nested key': {
        const style = this.#state('guard-chart')?.get('style');
        if (!(style instanceof Y.Map)) return;
        style.set(name, n);
        this.unknown.set(`guard-chart/style/${name}`, n);
        return;
      }
      case 'own key':
        (widgetsOf(this.doc).get(guard) as Y.Map<unknown>).set(name, { n });
        return;
      case 'wrong': {
        const keys = ['name', 'notes', 'points', 'style', 'title', 'cells', 'rows', 'steps'];
        const ids = this.#sharedIds();
        const id = ids.at(at % Math.max(1, ids.length));
        if (id !== undefined) this.#state(id)?.set(keys[n % keys.length] ?? 'name', false);
        return;
      }
      case 'newer':
        this.#put(`w-${name}`, 'task', 3, { title: 'newer', done: 1, steps: [], cells: {} });
        return;
      case 'older':
        this.#put(`w-${name}`, 'task', 1, { name: `older ${n}`, odd: { n } });
        return;
      case 'twice': {
        const points = this.#state('guard-chart')?.get('points');
        if (points instanceof Y.Array) points.insert(at % (points.length + 1), [{ id: 'j', n }]);
        return;
      }
      case 'junk':
        widgetsOf(this.doc).set(`junk-${n % 3}`, at % 2 === 0 ? n : new Y.Array());
    }
  }

  /** Which of the unknown keys are gone. */
  missingFrom(doc: Y.Doc): string[] {
    return [...this.unknown].flatMap(([path, value]) => {
      const [id = '', ...keys] = path.split('/');
      let part: unknown = readWidget(doc, id)?.state;
      for (const key of keys) part = (part as Record<string, unknown> | undefined)?.[key];
      return part === value ? [] : [`${path} = ${JSON.stringify(part)}, and not ${value}`];
    });
  }

  close(): void {
    this.#provider.destroy();
  }

  #sharedIds(): string[] {
    return [...widgetsOf(this.doc).keys()].filter((id) => id.startsWith('w-')).sort();
  }

  #state(id: string): Y.Map<unknown> | undefined {
    const map = widgetsOf(this.doc).get(id);
    const state: unknown = map instanceof Y.Map ? map.get('state') : undefined;
    return state instanceof Y.Map ? state : undefined;
  }

  #put(id: string, type: string, version: number, state: Record<string, unknown>): void {
    widgetsOf(this.doc).set(id, mapOf({ type, version, state: mapOf(state) }));
  }
}

function mapOf(entries: Record<string, unknown>): Y.Map<unknown> {
  return new Y.Map(Object.entries(entries));
}
