import { z } from 'zod';

/** Lines of a chart, rows of a table: their names are what the feed makes values of. */
export const seriesSchema = z.array(z.object({ id: z.string(), name: z.string().max(200) }));

export type Series = z.infer<typeof seriesSchema>;

/** An id for an item of a list: short, and not to be met twice on one widget. */
export function itemId(): string {
  return crypto.randomUUID().slice(0, 8);
}

export function seriesOf(...names: string[]): Series {
  return names.map((name) => ({ id: itemId(), name }));
}

export function renamed(series: Series, id: string, name: string): void {
  const item = series.find((other) => other.id === id);
  if (item !== undefined) item.name = name;
}

export function without(series: Series, id: string): void {
  const at = series.findIndex((item) => item.id === id);
  if (at >= 0) series.splice(at, 1);
}
