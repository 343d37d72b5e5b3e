import { isNull, rowFits, rowLayout, slotOf, type RowSchema } from '../rows/row-layout.ts';

/** Names of those features that are null in a PRESENT row, in order; allocates nothing when none is. */
export type NullReader = (row: Buffer) => readonly string[];

const NONE: readonly string[] = [];

export function compileNullReader(view: RowSchema, features: readonly string[]): NullReader {
  const layout = rowLayout(view);
  const slots = features.map((feature) => slotOf(layout, feature));
  return (row) => {
    if (slots.length === 0 || !rowFits(layout, row)) return NONE;
    let nulls: string[] | null = null;
    for (const slot of slots) if (isNull(row, slot)) (nulls ??= []).push(slot.field.name);
    return nulls ?? NONE;
  };
}
