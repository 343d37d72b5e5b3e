import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { buildOnnx } from '../onnx/build-onnx.ts';
import { createSession } from './create-session.ts';

test('a network gets every element type that it declares', async () => {
  const modelPath = join(inject('testFolder'), 'typed-tensors.onnx');
  const column = ['N', 1] as const;
  writeFileSync(
    modelPath,
    buildOnnx({
      name: 'typed',
      inputs: [
        { name: 'id', type: 'int64', shape: column },
        { name: 'amount', type: 'float64', shape: column },
        { name: 'flag', type: 'bool', shape: column },
        { name: 'language', type: 'string', shape: column },
      ],
      nodes: [
        ...['id', 'amount', 'flag'].map((name) => ({
          op: 'Cast',
          inputs: [name],
          outputs: [`${name}_float`],
          attributes: { to: { int: 1 } },
        })),
        {
          op: 'LabelEncoder',
          domain: 'ai.onnx.ml',
          inputs: ['language'],
          outputs: ['language_float'],
          attributes: {
            keys_strings: { strings: ['de', 'en'] },
            values_floats: { floats: [10, 20] },
            default_float: { float: -1 },
          },
        },
        {
          op: 'Concat',
          inputs: ['id_float', 'amount_float', 'flag_float', 'language_float'],
          outputs: ['all'],
          attributes: { axis: { int: 1 } },
        },
      ],
      outputs: [{ name: 'all', shape: ['N', 4] }],
    }),
  );
  const session = await createSession({ modelPath });
  try {
    const dims = [2, 1];
    const feeds = {
      id: { data: BigInt64Array.of(7n, -8n), dims },
      amount: { data: Float64Array.of(0.5, 2.5), dims },
      flag: { data: Uint8Array.of(1, 0), dims },
      language: { data: ['en', 'xx'], dims },
    };
    const { all } = await session.run<'all'>(feeds);
    expect([...all.data]).toEqual([7, 0.5, 1, 20, -8, 2.5, 0, -1]);
    await expect(session.run({ ...feeds, id: { data: Float32Array.of(1, 2), dims } })).rejects.toThrow(
      /Given: id \(float32 \[2, 1\]\)/,
    );
  } finally {
    await session.close();
  }
});
