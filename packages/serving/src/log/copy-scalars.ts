import type { CompiledPlan } from '../plan/compiled-plan.ts';

const NONE = new Float32Array(0);

/** Copies the scalar columns of the first `rows` rows: the tensor's memory belongs to the next request. One array per request. */
export function copyScalars(
  { logged, width }: Pick<CompiledPlan, 'logged' | 'width'>,
  floats: Float32Array,
  rows: number,
): Float32Array {
  const { runs, scalars } = logged;
  if (scalars === 0) return NONE;
  const copied = new Float32Array(rows * scalars);
  let to = 0;
  for (let row = 0, from = 0; row < rows; row++, from += width)
    for (let r = 0; r < runs.length; r++) {
      const run = runs[r] as (typeof runs)[number];
      for (let column = run.start; column < run.end; column++) copied[to++] = floats[from + column] as number;
    }
  return copied;
}
