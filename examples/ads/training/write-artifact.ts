import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnnx } from '@larder/model-runtime/onnx';
import { writeAtomically } from '../src/pictures/write-atomically.ts';
import { scoreRow, type ClickModel } from './click-model.ts';

export interface ArtifactContent {
  readonly model: ClickModel;
  /** `view:feature` in the order of the tensor. */
  readonly features: readonly string[];
  /** Tensor rows to check the loaded model against. */
  readonly goldenRows: readonly Float32Array[];
  /** Ordinary tensor rows that explanations compare with. */
  readonly backgroundRows: readonly Float32Array[];
}

/** Writes `model.onnx`, `golden.json` and `background.json`; the golden scores come from the training code, not from ONNX Runtime. */
export async function writeArtifact(folder: string, content: ArtifactContent): Promise<void> {
  const { model, features } = content;
  const golden = content.goldenRows.map((row) => row.map(rounded));
  await writeModel(folder, model, features);
  await writeJson(join(folder, 'golden.json'), {
    format: 1,
    features,
    rows: golden.map(jsonRow),
    outputs: { ctr: golden.map((row) => scoreRow(model, row)) },
    tolerance: 1e-5,
  });
  await writeJson(join(folder, 'background.json'), {
    format: 1,
    features,
    rows: content.backgroundRows.map((row) => jsonRow(row.map(rounded))),
  });
}

/** Writes `model.onnx` alone. */
export async function writeModel(
  folder: string,
  model: ClickModel,
  features: readonly string[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeAtomically(join(folder, 'model.onnx'), clickModelOnnx(model, features));
}

function clickModelOnnx({ mean, scale, network }: ClickModel, features: readonly string[]): Uint8Array {
  const { inputs, hidden, hiddenBias, output, outputBias } = network;
  const units = hidden.length;
  const weights = new Float32Array(inputs * units);
  hidden.forEach((ofUnit, unit) =>
    ofUnit.forEach((weight, column) => (weights[column * units + unit] = weight)),
  );
  return buildOnnx({
    name: 'ad_ctr',
    inputs: [{ name: 'features', shape: ['N', inputs] }],
    outputs: [{ name: 'ctr', shape: ['N', 1] }],
    nodes: [
      { op: 'IsNaN', inputs: ['features'], outputs: ['missing'] },
      { op: 'Where', inputs: ['missing', 'mean', 'features'], outputs: ['known'] },
      { op: 'Sub', inputs: ['known', 'mean'], outputs: ['centred'] },
      { op: 'Mul', inputs: ['centred', 'scale'], outputs: ['standardised'] },
      { op: 'Gemm', inputs: ['standardised', 'hidden_weights', 'hidden_bias'], outputs: ['hidden'] },
      { op: 'Tanh', inputs: ['hidden'], outputs: ['active'] },
      { op: 'Gemm', inputs: ['active', 'output_weights', 'output_bias'], outputs: ['logit'] },
      { op: 'Sigmoid', inputs: ['logit'], outputs: ['ctr'] },
    ],
    initializers: {
      mean: { shape: [inputs], data: mean },
      scale: { shape: [inputs], data: scale },
      hidden_weights: { shape: [inputs, units], data: weights },
      hidden_bias: { shape: [units], data: Float32Array.from(hiddenBias) },
      output_weights: { shape: [units, 1], data: Float32Array.from(output) },
      output_bias: { shape: [1], data: Float32Array.of(outputBias) },
    },
    metadata: { 'larder.features': JSON.stringify(features) },
  });
}

/** Five significant digits: enough for golden rows, and short in JSON. */
function rounded(value: number): number {
  return Number.isNaN(value) ? value : Number(value.toPrecision(5));
}

function jsonRow(row: Float32Array): (number | null)[] {
  return Array.from(row, (value) => (Number.isNaN(value) ? null : rounded(value)));
}

async function writeJson(path: string, content: object): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(content)}\n`);
}
