/*
 * Budget: that of WindowValues, and no allocation.
 */
import { declaredDefault } from '@larder/features';
import type { WindowedSchema } from '../tiles/tile-layout.ts';
import { compileWindowFeatures, WindowValues, type WindowFeature } from '../tiles/window-values.ts';
import type { TensorDecoder } from './tensor-decoder.ts';

/** A decoder for features of a windowed view: aggregates at the moment of the request. */
export function compileWindowDecoder(
  view: WindowedSchema,
  names: readonly string[],
  missing: number,
): TensorDecoder {
  const features = compileWindowFeatures(view, names);
  const values = new WindowValues(view);
  const { result } = values;
  const fill = Float32Array.from(names, (name) => {
    const field = view.schema.find((candidate) => candidate.name === name);
    return Number((field && declaredDefault(field)) ?? missing);
  });
  return {
    width: features.length,
    decodeInto(row, { floats }, column, nowMs) {
      if (row === null || !values.moveTo(row, nowMs)) {
        floats.set(fill, column);
        return;
      }
      for (let i = 0; i < features.length; i++) {
        values.evaluate(features[i] as WindowFeature);
        const value = result[0] as number;
        floats[column + i] = Number.isNaN(value) ? (fill[i] as number) : value;
      }
    },
  };
}
