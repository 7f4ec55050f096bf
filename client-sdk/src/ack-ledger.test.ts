import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { AckLedger } from './ack-ledger.ts';

let ledger: AckLedger;
beforeEach(() => {
  ledger = new AckLedger();
});

function connect(): void {
  ledger.sending('step1');
  ledger.sending('step2');
}

function edit(): boolean {
  ledger.edited();
  return ledger.sending('update');
}

describe('the ack ledger', () => {
  test('an edit is unsaved until the frame that carries it is answered', () => {
    connect();
    ledger.answered();
    edit();
    edit();
    expect(ledger.unsaved).toBe(2);
    ledger.answered();
    expect(ledger.unsaved).toBe(1);
    ledger.answered();
    expect(ledger.unsaved).toBe(0);
  });

  test('edits before the exchange are not sent by themselves, its answer covers them all', () => {
    expect(edit()).toBe(false);
    ledger.sending('step1');
    expect(edit()).toBe(false);
    ledger.sending('step2');
    expect(edit()).toBe(true);
    ledger.answered();
    expect(ledger.unsaved).toBe(1);
    ledger.answered();
    expect(ledger.unsaved).toBe(0);
  });

  test('what a lost connection left unanswered is unsaved until the next exchange', () => {
    connect();
    ledger.answered();
    edit();
    ledger.closed();
    edit();
    expect(ledger.unsaved).toBe(2);
    connect();
    expect(ledger.unsaved).toBe(2);
    ledger.answered();
    expect(ledger.unsaved).toBe(0);
  });

  test('a server that asks once more does not shift the answers', () => {
    connect();
    ledger.answered();
    edit();
    ledger.sending('step2');
    edit();
    ledger.answered();
    expect(ledger.unsaved).toBe(1);
    ledger.answered();
    expect(ledger.unsaved).toBe(0);
  });

  test('an answer too many saves nothing', () => {
    connect();
    ledger.answered();
    ledger.answered();
    edit();
    expect(ledger.unsaved).toBe(1);
  });

  test('with any timing it never counts an edit as saved that the server has not committed', () => {
    const event = fc.constantFrom('edit', 'edit', 'step1', 'ask', 'ask', 'commit', 'commit', 'cut');
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const own = new AckLedger();
        // The server, simply: frames on this connection wait, each with the edits it carries.
        let edits = 0;
        let committed = 0;
        let connected = false;
        let exchanged = false;
        let waiting: number[] = [];
        for (const what of events) {
          if (what === 'edit') {
            edits += 1;
            own.edited();
            if (own.sending('update') && connected) waiting.push(edits);
          } else if (what === 'step1' && !connected) {
            connected = true;
            exchanged = false;
            own.sending('step1');
          } else if (what === 'ask' && connected) {
            own.sending('step2');
            if (!exchanged) waiting.push(edits);
            exchanged = true;
          } else if (what === 'commit') {
            const carried = waiting.shift();
            if (carried === undefined) continue;
            committed = Math.max(committed, carried);
            own.answered();
          } else if (what === 'cut') {
            connected = false;
            waiting = [];
            own.closed();
          }
          expect(own.saved).toBeLessThanOrEqual(committed);
          expect(own.unsaved).toBe(edits - own.saved);
        }
        if (!connected) own.sending('step1');
        if (!connected || !exchanged) {
          own.sending('step2');
          waiting = [edits];
        }
        for (const _carried of waiting) own.answered();
        expect(own.unsaved).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});
