import type { FloatTensor } from '@larder/model-runtime';

export interface Pooling {
  readonly pooling: 'mean' | 'first';
  readonly normalize: boolean;
  readonly softmax: boolean;
}

/** One text's output [1, K] or [1, L, K] → K floats. */
export function pool({ data, dims }: FloatTensor, { pooling, normalize, softmax }: Pooling): Float32Array {
  const length = dims.at(-1) as number;
  const tokens = pooling === 'first' ? 1 : data.length / length;
  const pooled = new Float64Array(length);
  for (let token = 0; token < tokens; token++)
    for (let i = 0; i < length; i++) pooled[i] = (pooled[i] as number) + (data[token * length + i] as number);
  for (let i = 0; i < length; i++) pooled[i] = (pooled[i] as number) / tokens;
  if (softmax) {
    const greatest = Math.max(...pooled);
    for (let i = 0; i < length; i++) pooled[i] = Math.exp((pooled[i] as number) - greatest);
    divide(
      pooled,
      pooled.reduce((sum, value) => sum + value, 0),
    );
  }
  if (normalize) divide(pooled, Math.hypot(...pooled));
  return Float32Array.from(pooled);
}

function divide(values: Float64Array, by: number): void {
  if (by === 0) return;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) / by;
}
