import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnnx } from '@larder/model-runtime/onnx';

const FEATURES = {
  numbers: ['ad_image:brightness', 'ad_stats:ctr'],
  counts: ['ad_stats:impressions', 'ad_stats:clicks'],
  note: ['ad_image:note'],
  flags: ['shopper_profile:premium'],
  precise: ['price:exact'],
};

/** What the texts of `note` are worth; another is worth -1. */
export const NOTE_WORTH: Readonly<Record<string, number>> = { red: 100, blue: 200 };

/** Writes the artifact of `ad_typed`: the sum of all inputs, with a mapper of categories and `precise` less 1e9. */
export async function writeTypedArtifact(folder: string): Promise<void> {
  const cast = (input: string) => ({
    op: 'Cast',
    inputs: [input],
    outputs: [`${input}_float`],
    attributes: { to: { int: 1 } },
  });
  const model = buildOnnx({
    name: 'typed',
    // The order of the file is not that of the definition.
    inputs: [
      { name: 'note', shape: ['N', 1], type: 'string' },
      { name: 'precise', shape: ['N', 1], type: 'float64' },
      { name: 'numbers', shape: ['N', 2] },
      { name: 'counts', shape: ['N', 2], type: 'int64' },
      { name: 'flags', shape: ['N', 1], type: 'bool' },
    ],
    outputs: [{ name: 'score', shape: ['N', 1] }],
    nodes: [
      {
        op: 'LabelEncoder',
        domain: 'ai.onnx.ml',
        inputs: ['note'],
        outputs: ['note_code'],
        attributes: {
          keys_strings: { strings: Object.keys(NOTE_WORTH) },
          values_floats: { floats: Object.values(NOTE_WORTH) },
          default_float: { float: -1 },
        },
      },
      { op: 'Cast', inputs: ['billion'], outputs: ['exact_billion'], attributes: { to: { int: 11 } } },
      { op: 'Sub', inputs: ['precise', 'exact_billion'], outputs: ['rest'] },
      cast('counts'),
      cast('flags'),
      cast('rest'),
      {
        op: 'Concat',
        inputs: ['numbers', 'counts_float', 'flags_float', 'rest_float', 'note_code'],
        outputs: ['all'],
        attributes: { axis: { int: 1 } },
      },
      { op: 'ReduceSum', inputs: ['all', 'axes'], outputs: ['score'] },
    ],
    initializers: {
      billion: { shape: [1], data: Float32Array.of(1e9) },
      axes: { shape: [1], data: BigInt64Array.of(1n) },
    },
    metadata: { 'larder.features': JSON.stringify(FEATURES) },
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), model);
  const rows = [
    { numbers: [0.5, null], counts: ['3', 4], note: ['red'], flags: [true], precise: [1e9 + 0.25] },
    { numbers: [0.5, 0.25], counts: [null, 0], note: [null], flags: [false], precise: [1e9] },
  ];
  const golden = { format: 1, features: FEATURES, rows, outputs: { score: [108.75, -0.25] } };
  await writeFile(join(folder, 'golden.json'), JSON.stringify(golden));
}
