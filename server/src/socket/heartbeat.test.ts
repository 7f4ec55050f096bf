import { afterEach, describe, expect, it } from 'vitest';
import { Heartbeat, type HeartbeatSocket, type HeartbeatTimes } from './heartbeat.ts';

const HOUR_MS = 3_600_000;

describe('Heartbeat', () => {
  const started: Heartbeat[] = [];

  afterEach(() => {
    for (const heartbeat of started.splice(0)) heartbeat.close();
  });

  /** Beats for one socket and resolves to what was done to it, in order, once `count` things were. */
  function doneTo(
    state: Partial<HeartbeatSocket> & { expiresAt?: number },
    times: Partial<HeartbeatTimes>,
    count = 1,
  ): Promise<string[]> {
    return new Promise((resolve) => {
      const done: string[] = [];
      const note = (what: string) => {
        done.push(what);
        if (done.length === count) resolve(done);
      };
      const now = Date.now();
      const socket = {
        lastSentAt: now + HOUR_MS,
        isPaused: false,
        tokenlessSince: undefined,
        awaitsPong: false,
        wasHeard: false,
        channels: [
          {
            identity: { expiresAt: state.expiresAt ?? now + HOUR_MS },
            connection: { requestToken: () => note('asked for a token') },
            refuse: (error: Error) => note(error.message),
          },
        ],
        ping: () => {
          note('pinged');
          socket.awaitsPong = true;
        },
        terminate: () => note('terminated'),
        keepAlive: () => note('kept alive'),
        end: (error: Error) => note(error.message),
        ...state,
      };
      const never = { pingEveryMs: HOUR_MS };
      started.push(new Heartbeat(new Set([socket]), { tickMs: 1, ...never, ...times }));
    });
  }

  it('pings, and ends a socket whose pong did not come', async () => {
    expect(await doneTo({}, { pingEveryMs: 5 }, 2)).toEqual(['pinged', 'terminated']);
  });

  it('takes a message for a sign of life, once', async () => {
    const heard = { wasHeard: true, awaitsPong: true, lastSentAt: Date.now() - 21_000 };
    const done = await doneTo(heard, { pingEveryMs: 0 }, 3);
    expect(done).toEqual(['kept alive', 'terminated', 'kept alive']);
  });

  it('sends something to a socket before its client takes the silence for a fault', async () => {
    expect(await doneTo({ lastSentAt: Date.now() - 21_000 }, {})).toEqual(['kept alive']);
  });

  it('ends a socket on which a token did not come in time', async () => {
    const silent = { tokenlessSince: Date.now() - 20_000 };
    expect(await doneTo(silent, {})).toEqual(['a token is missing: none came in time']);
  });

  it('expects nothing of a socket that is not read from', async () => {
    const paused = {
      isPaused: true,
      awaitsPong: true,
      tokenlessSince: Date.now() - 20_000,
      lastSentAt: Date.now() - 21_000,
    };
    expect(await doneTo(paused, { pingEveryMs: 1 }, 3)).toEqual(Array(3).fill('kept alive'));
  });

  it('asks for a new token before the old one expires, and refuses an expired one', async () => {
    expect(await doneTo({ expiresAt: Date.now() + 30_000 }, {})).toEqual(['asked for a token']);
    expect(await doneTo({ expiresAt: Date.now() - 1 }, {})).toEqual(['the token has expired']);
  });
});
