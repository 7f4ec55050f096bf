import {
  useBoard,
  useBoardLoaded,
  useBoardSynced,
  useOthers,
  usePresence,
  useStatus,
  useTitle,
  useUndo,
  useWidget,
  useWidgets,
} from '@tessera/client/react';
import { z } from 'zod';
import { defineWidget } from '../../../client-sdk/src/define-widget.ts';

export const Chart = defineWidget({
  type: 'chart',
  version: 1,
  state: z.object({
    color: z.string(),
    size: z.number(),
    axis: z.object({ label: z.string() }).default({ label: '' }),
  }),
});

/** How often each part was rendered since the last look. */
export const renders: Record<string, number> = {};

/** What was shown of a component that suspends, in order. */
export const texts: string[] = [];

function rendered(part: string): void {
  renders[part] = (renders[part] ?? 0) + 1;
}

function Whole({ id }: { id: string }) {
  rendered(`widget ${id}`);
  const { state, status } = useWidget(Chart, id);
  return (
    <p id={`widget-${id}`}>
      {status.kind} {state?.color} {state?.size}
    </p>
  );
}

function Color({ id }: { id: string }) {
  rendered(`color of ${id}`);
  return <p id={`color-${id}`}>{useWidget(Chart, id, (chart) => chart?.color)}</p>;
}

/** A selector that gives a new object each time, and says when two are the same. */
function Sizes({ id }: { id: string }) {
  rendered(`sizes of ${id}`);
  const { sizes } = useWidget(
    Chart,
    id,
    (chart) => ({ sizes: [chart?.size ?? 0] }),
    (a, b) => a.sizes[0] === b.sizes[0],
  );
  return <p id={`sizes-${id}`}>{sizes.join()}</p>;
}

function Axis({ id }: { id: string }) {
  rendered(`axis of ${id}`);
  return <p id={`axis-${id}`}>{useWidget(Chart, id, (chart) => chart?.axis)?.label}</p>;
}

function Place({ id }: { id: string }) {
  rendered(`place of ${id}`);
  return <p id={`place-${id}`}>{useWidget(Chart, id, (_, { geom }) => geom)?.x}</p>;
}

function Refs() {
  rendered('refs');
  const refs = useWidgets();
  return <p id="refs">{refs.map(({ id, type }) => `${id}:${type}`).join()}</p>;
}

function Charts() {
  rendered('charts');
  return <p id="charts">{useWidgets(Chart).length}</p>;
}

function Title() {
  rendered('title');
  const [title, setTitle] = useTitle();
  return <input id="title" value={title} onChange={(event) => setTitle(event.target.value)} />;
}

function State() {
  rendered('state');
  return <p id="state">{useStatus().state}</p>;
}

function Stopped() {
  rendered('stopped');
  return <p id="stopped">{String(useStatus((status) => status.stopped !== undefined))}</p>;
}

function Undo() {
  rendered('undo');
  const { undo, redo, canUndo, canRedo } = useUndo();
  return (
    <>
      <button id="undo" type="button" disabled={!canUndo} onClick={undo}>
        Undo
      </button>
      <button id="redo" type="button" disabled={!canRedo} onClick={redo}>
        Redo
      </button>
    </>
  );
}

type Fields = { readonly name: string; readonly cursor: number };

function Me() {
  rendered('me');
  const [self, set] = usePresence<Fields>();
  return (
    <button id="me" type="button" onClick={() => set({ name: 'Page' })}>
      {self.name ?? 'nobody'}
    </button>
  );
}

function Others() {
  rendered('others');
  const others = useOthers<Fields>();
  return (
    <>
      <p id="others">{others.length}</p>
      <p id="cursors">{others.map(({ cursor }) => cursor).join()}</p>
    </>
  );
}

function Names() {
  rendered('names of others');
  const names = useOthers<Fields, string>((others) => others.map(({ name }) => name).join());
  return <p id="names">{names}</p>;
}

/** One of each, to count what renders. */
export function Parts() {
  rendered('parts');
  useBoard();
  return (
    <main>
      <Whole id="a" />
      <Whole id="b" />
      <Color id="a" />
      <Sizes id="a" />
      <Axis id="a" />
      <Place id="a" />
      <Refs />
      <Charts />
      <Title />
      <State />
      <Stopped />
      <Undo />
      <Me />
      <Others />
      <Names />
    </main>
  );
}

/** What shows a board only once it is loaded, and once it is what the server has. */
export function Awaited({ wait }: { wait: 'loaded' | 'synced' }) {
  const useWait = wait === 'loaded' ? useBoardLoaded : useBoardSynced;
  const { id } = useWait();
  const text = `${id} ${useStatus().state} ${useWidgets().length}`;
  texts.push(text);
  return <p id="awaited">{text}</p>;
}

export function Fallback() {
  texts.push('…');
  return <p id="fallback">…</p>;
}
