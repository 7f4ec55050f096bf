import type { Client } from '@tessera/client';

/**
 * The way of one person to the node, and a switch in it. The SDK needs none: it notices by itself
 * when a network goes. This is for showing what happens then, without pulling a cable.
 */
export class Network {
  readonly #client: Client;
  readonly #listeners = new Set<() => void>();
  #isOn = true;

  constructor(client: Client) {
    this.#client = client;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  turn(on: boolean): void {
    if (on === this.#isOn) return;
    this.#isOn = on;
    if (on) this.#client.connect();
    else this.#client.disconnect();
    for (const listener of [...this.#listeners]) listener();
  }
}
