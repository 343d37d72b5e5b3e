import type { FieldValue } from '@larder/features';
import { decodeValue } from '../rows/decode-value.ts';
import { type RowSchema, type Slot, rowFits, rowLayout, slotOf } from '../rows/row-layout.ts';
import { isWindowed, type WindowedSchema } from '../tiles/tile-layout.ts';
import { compileWindowFeatures, WindowValues, type WindowFeature } from '../tiles/window-values.ts';

export interface ValueReader {
  readonly features: readonly string[];
  /**
   * The values of these features at this moment, in order, as the source returned them: null where it had none, and all null for
   * a row that is absent or of another schema. The caller applies declared defaults, and passes only `PRESENT` rows.
   */
  read(row: Buffer | null, nowMs: number): FieldValue[];
  /** The value of one of these features by its place, without the list. */
  valueAt(row: Buffer | null, place: number, nowMs: number): FieldValue;
}

/** Reads just some features of a view, in this order, for on-demand functions and answers. */
export function compileValueReader(view: RowSchema, features: readonly string[]): ValueReader {
  if (isWindowed(view)) return compileWindowReader(view, features);
  const layout = rowLayout(view);
  const slots = features.map((feature) => slotOf(layout, feature));
  return {
    features,
    read(row) {
      if (row === null || !rowFits(layout, row)) return slots.map(() => null);
      return slots.map((slot) => decodeValue(layout, row, slot));
    },
    valueAt(row, place) {
      if (row === null || !rowFits(layout, row)) return null;
      return decodeValue(layout, row, slots[place] as Slot);
    },
  };
}

function compileWindowReader(view: WindowedSchema, names: readonly string[]): ValueReader {
  const features = compileWindowFeatures(view, names);
  const values = new WindowValues(view);
  const valueOf = (feature: WindowFeature): number | null => {
    values.evaluate(feature);
    const value = values.result[0] as number;
    return Number.isNaN(value) ? null : value;
  };
  return {
    features: names,
    read(row, nowMs) {
      if (row === null || !values.moveTo(row, nowMs)) return features.map(() => null);
      return features.map(valueOf);
    },
    valueAt(row, place, nowMs) {
      if (row === null || !values.moveTo(row, nowMs)) return null;
      return valueOf(features[place] as WindowFeature);
    },
  };
}
