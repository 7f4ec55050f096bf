/**
 * Another user, who drags one chart over the board at 60 moves a second, as a pointer does. Its arguments
 * are the address, the token and the board. Tells its parent which widget it is once it is in; then drags
 * from one message to the next, and tells at the end of each drag what it did.
 */
import { type BoardPoint, createClient } from '@tessera/client';
import { eventually } from '../../test/support/wait.ts';

const EVERY_MS = 1000 / 60;
const COLUMNS = 24;
/** Rows that it is taken through: it stays in a window of the usual height. */
const ROWS = 12;

/** What a drag came to. */
export interface Dragged {
  readonly moves: number;
  readonly seconds: number;
  readonly saved: boolean;
}

const [url = '', token = '', id = ''] = process.argv.slice(2);
const client = createClient({ url, token });
const board = client.board<{
  cursor: BoardPoint | null;
  holds?: { widget: string; how: 'moves' } | undefined;
}>(id);
// Nothing here is taken back, and what could be would only fill the memory.
board.history.pause();
await eventually(() => board.status.state === 'saved');
const { widgets, presence } = board;
const taken = widgets
  .list()
  .filter(({ type }) => type === 'chart')
  .map(({ id: widget }) => ({ widget, geom: widgets.get(widget)?.geom }))
  .toSorted((a, b) => (a.geom?.y ?? 0) - (b.geom?.y ?? 0))[0];
if (taken?.geom === undefined) throw new Error(`there is no chart on ${id} to drag`);
const { widget, geom } = taken;

let step = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let [moves, since, due] = [0, 0, 0];

/** One cell on: to the right and back again, a row further down or up at each end. */
function move(): void {
  const across = COLUMNS - geom.w;
  const x = backAndForth(step, across);
  const y = geom.y + backAndForth(Math.floor(step / across), ROWS);
  widgets.move(widget, { ...geom, x, y });
  presence.set({ cursor: { x: x + 1, y: y + 0.5 }, holds: { widget, how: 'moves' } });
  step += 1;
  moves += 1;
  due += EVERY_MS;
  timer = setTimeout(move, Math.max(0, due - performance.now()));
}

function backAndForth(at: number, length: number): number {
  const turn = at % (2 * length);
  return turn <= length ? turn : 2 * length - turn;
}

process.on('message', () => {
  if (timer === undefined) {
    [moves, since, due] = [0, performance.now(), performance.now()];
    move();
    return;
  }
  clearTimeout(timer);
  timer = undefined;
  const seconds = (performance.now() - since) / 1000;
  presence.set({ holds: undefined });
  const tell = (saved: boolean) => process.send?.({ moves, seconds, saved } satisfies Dragged);
  board.saved().then(
    () => tell(true),
    () => tell(false),
  );
});
process.on('disconnect', () => process.exit());
process.send?.(widget);
