import { eventually } from '../../../test/support/wait.ts';
import type { Fanout, FanoutEvents } from './fanout.ts';
import type { FanoutMessage } from './message.ts';

/** A node of a test, which remembers all that its fan-out told it. */
export class Station {
  readonly fanout: Fanout;
  readonly received: { message: FanoutMessage; from: string }[] = [];
  readonly unsent: FanoutMessage[] = [];
  readonly failures: Error[] = [];
  restored = 0;

  constructor(connect: (events: FanoutEvents) => Fanout) {
    this.fanout = connect({
      received: (message, from) => this.received.push({ message, from }),
      unsent: (message) => this.unsent.push(message),
      away: (failure) => this.failures.push(failure),
      restored: () => {
        this.restored += 1;
      },
    });
  }

  /** Orders that arrived, by their names. */
  get names(): string[] {
    return this.received.flatMap(({ message }) => (message.type === 'control' ? message.name : []));
  }

  async untilRestored(times = 1): Promise<void> {
    await eventually(() => this.restored >= times, { what: `the wire to work, time ${times}` });
  }

  /** Until an order of this name has arrived. */
  async until(name: string): Promise<void> {
    await eventually(() => this.names.includes(name), { what: `${name} to arrive` });
  }
}

/** A message that a test can tell from others: an order to a board, or without one to all nodes. */
export function order(board: string | undefined, name: string): FanoutMessage {
  return { type: 'control', board, name, detail: {} };
}
