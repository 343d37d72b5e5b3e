import { ROW_HEADER_BYTES } from '../rows/row-header.ts';
import { isNull, rowLayout, slotOf, type RowSchema } from '../rows/row-layout.ts';
import { isWindowed } from '../tiles/tile-layout.ts';

/** Adds 1 at the place of each feature that is null in a PRESENT row; a row without nulls costs a look at its bitmap. */
export type NullCounter = (row: Buffer, counts: Float64Array) => void;

/** A windowed view has values computed at the read: nothing is counted for it. */
export function compileNullCounter(
  view: RowSchema,
  features: readonly { readonly name: string; readonly place: number }[],
): NullCounter {
  if (isWindowed(view) || features.length === 0) return () => {};
  const layout = rowLayout(view);
  const bitmapEnd = ROW_HEADER_BYTES + Math.ceil(view.schema.length / 8);
  const counted = features.map(({ name, place }) => ({ slot: slotOf(layout, name), place }));
  return (row, counts) => {
    let any = 0;
    for (let at = ROW_HEADER_BYTES; at < bitmapEnd; at++) any |= row[at] as number;
    if (any === 0) return;
    for (const { slot, place } of counted)
      if (isNull(row, slot)) counts[place] = (counts[place] as number) + 1;
  };
}
