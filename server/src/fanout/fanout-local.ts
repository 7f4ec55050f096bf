import { randomUUID } from 'node:crypto';
import type { Fanout, FanoutEvents } from './fanout.ts';
import { boardOf, type FanoutMessage } from './message.ts';

interface Station {
  readonly name: string;
  readonly boards: Set<string>;
  readonly events: FanoutEvents;
}

/** A wire between nodes of one process, or for a node alone. It is never away. */
export class LocalWire {
  readonly #stations = new Set<Station>();

  connect(events: FanoutEvents): Fanout {
    const station: Station = { name: randomUUID(), boards: new Set(), events };
    this.#stations.add(station);
    setImmediate(() => this.#stations.has(station) && events.restored());
    return {
      failure: undefined,
      get subscriptions() {
        return station.boards.size;
      },
      async subscribe(board) {
        station.boards.add(board);
      },
      unsubscribe(board) {
        station.boards.delete(board);
      },
      publish: (message) => this.#publish(station, message),
      close: async () => {
        this.#stations.delete(station);
        station.boards.clear();
      },
    };
  }

  #publish(from: Station, message: FanoutMessage): void {
    if (!this.#stations.has(from)) return;
    for (const station of this.#stations) {
      if (station === from || !isFor(station, message)) continue;
      setImmediate(() => {
        // It may have unsubscribed or closed meanwhile.
        if (this.#stations.has(station) && isFor(station, message)) {
          station.events.received(message, from.name);
        }
      });
    }
  }
}

function isFor(station: Station, message: FanoutMessage): boolean {
  const board = boardOf(message);
  return board === undefined || station.boards.has(board);
}
