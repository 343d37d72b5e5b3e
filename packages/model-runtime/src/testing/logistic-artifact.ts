import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnnx } from '../onnx/index.ts';

export interface LogisticArtifactOptions {
  /** `view:feature` in the order of the tensor. */
  readonly features: readonly string[];
  /** One per column; a vector feature has as many columns as floats. */
  readonly weights: readonly number[];
  readonly bias?: number;
  /** Name of the one output field. */
  readonly output?: string;
  /** What the model takes a missing (NaN) value for; unless given, a missing value makes the score NaN. */
  readonly imputed?: number;
  /** Written instead of the true golden scores, to test what refuses them. */
  readonly goldenScores?: readonly number[];
  /** Written as `larder.features` instead of `features`. */
  readonly trainedOn?: readonly string[];
}

/** Writes a real artifact, `sigmoid(x · weights + bias)`, into a folder: `model.onnx` and `golden.json`. */
export async function writeLogisticArtifact(folder: string, options: LogisticArtifactOptions): Promise<void> {
  const { features, weights, bias = 0, output = 'ctr', imputed } = options;
  const width = weights.length;
  const known = imputed === undefined ? 'features' : 'known';
  const model = buildOnnx({
    name: 'logistic',
    inputs: [{ name: 'features', shape: ['N', width] }],
    outputs: [{ name: output, shape: ['N', 1] }],
    nodes: [
      ...(imputed === undefined
        ? []
        : [
            { op: 'IsNaN', inputs: ['features'], outputs: ['missing'] },
            { op: 'Where', inputs: ['missing', 'imputed', 'features'], outputs: ['known'] },
          ]),
      { op: 'Gemm', inputs: [known, 'weights', 'bias'], outputs: ['logit'] },
      { op: 'Sigmoid', inputs: ['logit'], outputs: [output] },
    ],
    initializers: {
      weights: { shape: [width, 1], data: Float32Array.from(weights) },
      bias: { shape: [1], data: Float32Array.of(bias) },
      ...(imputed !== undefined && { imputed: { shape: [], data: Float32Array.of(imputed) } }),
    },
    metadata: { 'larder.features': JSON.stringify(options.trainedOn ?? features) },
  });
  const rows = [0, 1, -0.5].map((scale) => weights.map((_, column) => scale * (1 + (column % 3))));
  const score = (row: readonly number[]): number =>
    1 / (1 + Math.exp(-row.reduce((sum, value, column) => sum + value * (weights[column] as number), bias)));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), model);
  await writeFile(
    join(folder, 'golden.json'),
    JSON.stringify({
      format: 1,
      features,
      rows,
      outputs: { [output]: options.goldenScores ?? rows.map(score) },
      tolerance: 1e-5,
    }),
  );
}
