import { rowsFeed, type ArtifactRow, type TensorData } from '@larder/model-runtime';
import type { PickedInputs } from './pick-rows.ts';

/** Values of each input of a model that takes several, by its name; bools are 0 and 1. */
export type TypedRow = Readonly<Record<string, TensorData>>;

/** A row as the model gets it, what is missing filled. */
export function trainingRow(
  row: ArtifactRow,
  { inputs, named }: PickedInputs,
  missing: number,
): Float32Array | TypedRow {
  const feed = rowsFeed([row], inputs, { named, missing });
  if (feed instanceof Float32Array) return feed;
  return Object.fromEntries(inputs.map(({ name }, i) => [name, feed[i] as TensorData]));
}
