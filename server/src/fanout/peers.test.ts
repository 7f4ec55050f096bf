import { describe, expect, it } from 'vitest';
import { Peers } from './peers.ts';

function setUp() {
  const events: string[] = [];
  const peers = new Peers({
    gone: (node) => events.push(`${node} gone`),
    returned: (node) => events.push(`${node} returned`),
  });
  return { peers, events };
}

describe('Peers', () => {
  it('counts a node from its first word to its goodbye', () => {
    const { peers, events } = setUp();
    peers.heard('one', 0);
    peers.heard('two', 0);
    expect(peers.count).toBe(2);
    peers.left('one');
    expect(peers.count).toBe(1);
    expect(events).toEqual(['one gone']);
  });

  it('gives a silent node up, well within 5 seconds', () => {
    const { peers, events } = setUp();
    peers.heard('one', 0);
    peers.check(3_000);
    expect(events).toEqual([]);
    peers.check(4_000);
    peers.check(4_500);
    expect(events).toEqual(['one gone']);
    expect(peers.count).toBe(0);
  });

  it('says when a node that was given up speaks again', () => {
    const { peers, events } = setUp();
    peers.heard('one', 0);
    peers.check(4_000);
    peers.heard('one', 5_000);
    peers.heard('one', 5_001);
    expect(events).toEqual(['one gone', 'one returned']);
    expect(peers.count).toBe(1);
  });

  it('knows whether one is silent, until it is forgotten', () => {
    const { peers } = setUp();
    peers.heard('one', 0);
    expect(peers.anySilent(1_500)).toBe(false);
    expect(peers.anySilent(2_600)).toBe(true);
    peers.check(61_000);
    expect(peers.anySilent(61_000)).toBe(false);
  });
});
