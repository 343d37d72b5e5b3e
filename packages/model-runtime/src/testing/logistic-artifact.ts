import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnnx, type OnnxInitializer, type OnnxNode } from '../onnx/index.ts';

export interface LogisticArtifactOptions {
  /** `view:feature` in the order of the tensor. */
  readonly features: readonly string[];
  /** One per column; a vector feature has as many columns as floats. */
  readonly weights: readonly number[];
  readonly bias?: number;
  /** Name of the one output field. */
  readonly output?: string;
  /** Replaces a missing (NaN) value; by default a missing value makes the score NaN. */
  readonly imputed?: number;
  /** Slows the model down: this many products of 256 × 256 matrices per row, about 1 ms each, that change nothing. */
  readonly slowness?: number;
  /** Written instead of the true golden scores, to test that they are refused. */
  readonly goldenScores?: readonly number[];
  /** Written as `larder.features` instead of `features`. */
  readonly trainedOn?: readonly string[];
}

/** Writes a real artifact, `sigmoid(x · weights + bias)`, into a folder: `model.onnx` and `golden.json`. */
export async function writeLogisticArtifact(folder: string, options: LogisticArtifactOptions): Promise<void> {
  const { features, weights, bias = 0, output = 'ctr', imputed, slowness = 0 } = options;
  const width = weights.length;
  const known = imputed === undefined ? 'features' : 'known';
  const slow = slowness === 0 ? null : slowly(slowness, width);
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
      ...(slow?.nodes(known) ?? []),
      { op: 'Gemm', inputs: [slow?.output ?? known, 'weights', 'bias'], outputs: ['logit'] },
      { op: 'Sigmoid', inputs: ['logit'], outputs: [output] },
    ],
    initializers: {
      weights: { shape: [width, 1], data: Float32Array.from(weights) },
      bias: { shape: [1], data: Float32Array.of(bias) },
      ...(imputed !== undefined && { imputed: { shape: [], data: Float32Array.of(imputed) } }),
      ...slow?.initializers,
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

const SIDE = 256;

interface SlowPart {
  /** The nodes between the tensor `input` and `output`, which holds the same values. */
  nodes(input: string): OnnxNode[];
  readonly output: string;
  readonly initializers: Readonly<Record<string, OnnxInitializer>>;
}

/** Spreads each row over a 256 × 256 matrix, multiplies that by the identity again and again, and takes the row back. */
function slowly(products: number, width: number): SlowPart {
  const product = (at: number): string => `product_${at}`;
  const node = (op: string, inputs: string[], output: string): OnnxNode => ({
    op,
    inputs,
    outputs: [output],
  });
  return {
    nodes: (input) => [
      node('Unsqueeze', [input, 'last'], 'as_column'),
      node('MatMul', ['tall', 'as_column'], 'tall_column'),
      node('MatMul', ['tall_column', 'ones'], product(0)),
      ...Array.from({ length: products }, (_, at) =>
        node('MatMul', [product(at), 'identity'], product(at + 1)),
      ),
      {
        ...node('ReduceMax', [product(products)], 'tall_row'),
        attributes: { axes: { ints: [2] }, keepdims: { int: 0 } },
      },
      node('MatMul', ['tall_row', 'tall'], 'slow'),
    ],
    output: 'slow',
    initializers: {
      last: { shape: [1], data: BigInt64Array.of(2n) },
      tall: { shape: [SIDE, width], data: diagonal(SIDE, width) },
      ones: { shape: [1, SIDE], data: new Float32Array(SIDE).fill(1) },
      identity: { shape: [SIDE, SIDE], data: diagonal(SIDE, SIDE) },
    },
  };
}

function diagonal(rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, at) =>
    at % columns === Math.floor(at / columns) ? 1 : 0,
  );
}
