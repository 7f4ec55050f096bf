import {
  anyState,
  defineWidget,
  type Geom,
  type InputOf,
  type StateDraft,
  type WidgetDefinition,
  type WidgetHandle,
  type Widgets,
} from '@tessera/client';
import { useWidget } from '@tessera/client/react';
import type { IconName } from '@tessera/example-design/icons';
import type { ComponentType } from 'react';

export interface WidgetProps {
  readonly id: string;
}

/** All that the board has to know of one type of widget. The registry is `index.ts`. */
export interface WidgetKind {
  readonly definition: WidgetDefinition;
  readonly label: string;
  readonly icon: IconName;
  /** Of a new one, in columns (of 24) and rows. */
  readonly size: { readonly w: number; readonly h: number };
  /** In a window too narrow for columns, in rows. */
  readonly narrowHeight: number;
  readonly View: ComponentType<WidgetProps>;
  readonly Settings: ComponentType<WidgetProps>;
  /** False for widgets that are a heading themselves. */
  readonly hasHead: boolean;
  /** Puts a new one on the board. */
  create(widgets: Widgets, options: { geom: Geom; id?: string }): void;
}

interface KindOptions<D extends WidgetDefinition>
  extends Omit<WidgetKind, 'definition' | 'create' | 'hasHead'> {
  readonly definition: D;
  readonly hasHead?: boolean;
  /** The state of a new one. */
  readonly fresh: () => InputOf<D>;
}

export function widgetKind<D extends WidgetDefinition>(options: KindOptions<D>): WidgetKind {
  const { definition, fresh, hasHead = true, ...rest } = options;
  return {
    ...rest,
    hasHead,
    definition,
    create(widgets, created) {
      widgets.create(definition, fresh(), created);
    },
  };
}

const Unknown = defineWidget({ type: 'unknown', version: 1, state: anyState });

/** The title of any widget: every definition has one. */
export function useWidgetTitle(kind: WidgetKind | undefined, id: string, type: string): string {
  const definition = kind?.definition;
  const title = useWidget(definition ?? Unknown, id, (state) => state?.['title']);
  return typeof title === 'string' && title !== '' ? title : (kind?.label ?? type);
}

/** The same as `handle.update` and safe to call from a click: the widget may just have been removed. */
export function edit<D extends WidgetDefinition>(
  widget: WidgetHandle<D>,
  recipe: (draft: StateDraft<D>) => void,
): void {
  if (widget.status.kind === 'ok') widget.update(recipe);
}
