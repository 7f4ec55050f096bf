import { useBoard, useWidgets } from '@tessera/client/react';
import { useMemo, useRef } from 'react';
import ReactGridLayout, {
  type Layout,
  useContainerWidth,
  verticalCompactor,
} from 'react-grid-layout';
import { Cursors } from '../presence/cursors.tsx';
import { COLUMNS, GAP_PX, layoutOf, ROW_PX, useLayout } from './layout.ts';
import { Tile } from './tile.tsx';
import { useCanEdit } from './use-can-edit.ts';
import { useGesture } from './use-gesture.ts';

/** Narrower than this, columns are too narrow: the widgets are a list, in the order of the grid. */
const NARROW_PX = 560;

const gridConfig = {
  cols: COLUMNS,
  rowHeight: ROW_PX,
  margin: [GAP_PX, GAP_PX] as const,
  containerPadding: [0, 0] as const,
};
const handles = ['se'] as const;

/** All widgets of the board at their places, and the cursors of the others above them. */
export function Grid() {
  const { width, containerRef, mounted } = useContainerWidth();
  return (
    <div className="canvas" ref={containerRef}>
      {mounted && (width < NARROW_PX ? <Stack /> : <Columns width={width} />)}
    </div>
  );
}

function Columns({ width }: { readonly width: number }) {
  const layout = useLayout();
  const tiles = useTiles();
  const canEdit = useCanEdit();
  const place = useRef<HTMLDivElement>(null);
  const move = useGesture('move');
  const resize = useGesture('resize');
  const dragConfig = useMemo(
    () => ({
      enabled: canEdit,
      handle: '.tile-handle',
      cancel: 'button, input, a',
      threshold: 3,
      bounded: false,
    }),
    [canEdit],
  );
  const resizeConfig = useMemo(() => ({ enabled: canEdit, handles }), [canEdit]);
  return (
    <div ref={place}>
      <ReactGridLayout
        width={width}
        layout={layout}
        gridConfig={gridConfig}
        dragConfig={dragConfig}
        resizeConfig={resizeConfig}
        compactor={verticalCompactor}
        onDragStart={move.start}
        onDrag={move.change}
        onDragStop={move.stop}
        onResizeStart={resize.start}
        onResize={resize.change}
        onResizeStop={resize.stop}
      >
        {tiles}
      </ReactGridLayout>
      <Cursors area={place} cell={{ x: (width + GAP_PX) / COLUMNS, y: ROW_PX + GAP_PX }} />
    </div>
  );
}

/**
 * An element a widget, the same one as long as it is there, in the order in which they are read. That
 * is made when widgets come or go, not when they move: an element that is moved loses the focus.
 */
function useTiles() {
  const board = useBoard();
  const widgets = useWidgets();
  return useMemo(() => {
    const types = new Map(widgets.map(({ id, type }) => [id, type]));
    return asRead(layoutOf(board).read()).map(({ i: id }) => (
      <div key={id} className="cell">
        <Tile id={id} type={types.get(id) ?? ''} />
      </div>
    ));
  }, [board, widgets]);
}

function asRead(layout: Layout): Layout {
  return layout.toSorted((a, b) => a.y - b.y || a.x - b.x);
}

function Stack() {
  const layout = useLayout();
  const types = new Map(useWidgets().map(({ id, type }) => [id, type]));
  return (
    <div className="stack">
      {asRead(layout).map(({ i: id }) => {
        const type = types.get(id);
        return type === undefined ? null : <Tile key={id} id={id} type={type} isStacked />;
      })}
    </div>
  );
}
