import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnnx } from '@larder/model-runtime/onnx';
import { writeAtomically } from '../src/pictures/write-atomically.ts';
import type { ClickModel } from './click-model.ts';

/** Writes `model.onnx`. @param features `view:feature` in the order of the tensor */
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
