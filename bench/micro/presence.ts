import { mock } from 'node:test';
import { BoardPresence, type PresenceMember } from '../../server/src/sync/presence.ts';
import { presenceFrame, Reader } from '../load/protocol.ts';
import type { Micro, MicroGroup } from './micro.ts';

/** Longer than any tick. */
const TICK_MS = 1_000;

/** From announcements to what each member is sent at the next tick, which does not wait for its time. */
export function presenceMicros(): MicroGroup {
  return {
    name: 'presence, without sockets',
    micros: [200, 500].flatMap((members) => [
      tickOf('one moves, of', members, 1),
      tickOf('a tenth moves, of', members, members / 10),
    ]),
  };
}

function tickOf(name: string, count: number, moving: number): Micro {
  let told = 0;
  const members = Array.from(
    { length: count },
    (_, n): PresenceMember => ({
      identity: { actor: `person-${n}`, name: `Person ${n}` },
      isVisible: true,
      sendPresence: () => {
        told += 1;
      },
    }),
  );
  const presence = new BoardPresence(() => undefined);
  let clock = 0;
  let moves: readonly Uint8Array[] = [];
  const prepare = (who: readonly PresenceMember[]) => {
    clock += 1;
    moves = who.map((_, n) => moveOf(n, clock));
    told = 0;
    mock.timers.enable({ apis: ['setTimeout'] });
  };
  const run = () => {
    for (const [n, update] of moves.entries()) presence.receive(members[n] ?? nobody, update);
    mock.timers.tick(TICK_MS);
  };
  const cleanUp = () => {
    mock.timers.reset();
    if (told < count - 1) throw new Error(`${told} of ${count} were told`);
  };
  prepare(members);
  for (const member of members) presence.join(member);
  run();
  cleanUp();
  return {
    name: `${name} ${count}`,
    prepare: () => prepare(members.slice(0, moving)),
    run,
    cleanUp,
  };
}

const nobody: PresenceMember = {
  identity: { actor: 'nobody' },
  isVisible: false,
  sendPresence: () => undefined,
};

function moveOf(n: number, clock: number): Uint8Array {
  const state = {
    user: { name: `Person ${n}`, color: '#30bced' },
    cursor: { x: (clock * 3) % 1920, y: (clock * 7) % 1080, board: true },
    selection: [`widget-${n}`],
  };
  const update = presenceFrame(Buffer.alloc(0), 1_000 + n, clock, JSON.stringify(state));
  return new Reader(update).bytes();
}
