import { useMemo } from 'react';
import type { WidgetDefinition } from '../src/define-widget.ts';
import type {
  ShownState,
  WidgetHandle,
  WidgetRef,
  WidgetSnapshot,
  Widgets,
} from '../src/typed-widgets.ts';
import { useBoard } from './providers.ts';
import { type Facet, type IsEqual, useFacet, useSelection } from './use-facet.ts';

/** What is shown of a widget: undefined as long as there was no state that fits the schema. */
type Shown<D extends WidgetDefinition> = ShownState<D> | undefined;

/** A widget as it is now, and the handle to edit it with. */
export interface ShownWidget<D extends WidgetDefinition> extends WidgetSnapshot<Shown<D>> {
  /** Stays the same one when the widget changes. */
  readonly widget: WidgetHandle<D>;
}

const removed: WidgetSnapshot<undefined> = Object.freeze({
  status: Object.freeze({ kind: 'removed' }),
  state: undefined,
  geom: undefined,
});

/**
 * A widget, whether it is there or not: `status` says so. Given a selector, what that makes of the
 * state, and renders only when that changes: `useWidget(Chart, id, (chart) => chart?.title)`. The
 * selector is given the whole snapshot as well, for the place and the status.
 */
export function useWidget<D extends WidgetDefinition>(definition: D, id: string): ShownWidget<D>;
export function useWidget<D extends WidgetDefinition, S>(
  definition: D,
  id: string,
  select: (state: Shown<D>, snapshot: WidgetSnapshot<Shown<D>>) => S,
  isEqual?: IsEqual<S>,
): S;
export function useWidget<D extends WidgetDefinition>(
  definition: D,
  id: string,
  select?: (state: Shown<D>, snapshot: WidgetSnapshot<Shown<D>>) => unknown,
  isEqual?: IsEqual<unknown>,
): unknown {
  const { widgets } = useBoard();
  const widget = useMemo(() => widgets.handle(definition, id), [widgets, definition, id]);
  // A widget is the same for all of its definitions here, and TypeScript cannot know which this is.
  const facet = snapshot as unknown as Facet<WidgetHandle<D>, WidgetSnapshot<Shown<D>>>;
  const of = useMemo(
    () => (shown: WidgetSnapshot<Shown<D>>) =>
      select === undefined ? { ...shown, widget } : select(shown.state, shown),
    [select, widget],
  );
  return useSelection(widget, facet, of, isEqual);
}

const snapshot: Facet<WidgetHandle, WidgetSnapshot<unknown>> = {
  subscribe: (widget, listener) => widget.subscribe(listener),
  read: (widget) => widget.snapshot,
  onServer: removed,
};

const none: readonly never[] = Object.freeze([]);
const refs: Facet<Widgets, readonly WidgetRef[]> = {
  subscribe: (widgets, listener) => widgets.subscribe(listener),
  read: (widgets) => widgets.list(),
  onServer: none,
};

/**
 * The ids and types of all widgets; given a definition, the handles of those of its type. Renders
 * when widgets come or go, not when one changes: that is for a component of its own with `useWidget`.
 */
export function useWidgets(): readonly WidgetRef[];
export function useWidgets<D extends WidgetDefinition>(definition: D): readonly WidgetHandle<D>[];
export function useWidgets(
  definition?: WidgetDefinition,
): readonly WidgetRef[] | readonly unknown[] {
  const facet = useMemo(
    (): Facet<Widgets, readonly unknown[]> =>
      definition === undefined ? refs : { ...refs, read: (widgets) => widgets.list(definition) },
    [definition],
  );
  return useFacet(useBoard().widgets, facet);
}
