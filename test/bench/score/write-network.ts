import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnnx, type OnnxInitializer, type OnnxNode } from '@larder/model-runtime/onnx';
import { createSession } from '@larder/model-runtime';

/** A network as tabular models have them: dense layers with ReLU, and a sigmoid at the end. */
export async function writeNetwork(
  folder: string,
  { features, layers }: { readonly features: readonly string[]; readonly layers: readonly number[] },
): Promise<void> {
  const [width = 1] = layers;
  const nodes: OnnxNode[] = [];
  const initializers: Record<string, OnnxInitializer> = {};
  let input = 'features';
  for (const [i, size] of layers.slice(1).entries()) {
    const from = layers[i] ?? 1;
    const isLast = i === layers.length - 2;
    const weights = Float32Array.from({ length: from * size }, (_, at) => Math.sin(at + i) / Math.sqrt(from));
    initializers[`w${i}`] = { shape: [from, size], data: weights };
    initializers[`b${i}`] = { shape: [size], data: new Float32Array(size).fill(0.1) };
    nodes.push({ op: 'Gemm', inputs: [input, `w${i}`, `b${i}`], outputs: [`g${i}`] });
    input = isLast ? 'ctr' : `a${i}`;
    nodes.push({ op: isLast ? 'Sigmoid' : 'Relu', inputs: [`g${i}`], outputs: [input] });
  }
  const path = join(folder, 'model.onnx');
  await mkdir(folder, { recursive: true });
  await writeFile(
    path,
    buildOnnx({
      name: 'network',
      inputs: [{ name: 'features', shape: ['N', width] }],
      outputs: [{ name: 'ctr', shape: ['N', 1] }],
      nodes,
      initializers,
      metadata: { 'larder.features': JSON.stringify(features) },
    }),
  );
  const rows = [0, 0.5, 1].map((value) => Array.from({ length: width }, () => value));
  const session = await createSession({ modelPath: path });
  const data = Float32Array.from(rows.flat());
  const { ctr } = await session.run({ features: { data, dims: [rows.length, width] } }, ['ctr']);
  await session.close();
  const outputs = { ctr: [...ctr.data] };
  await writeFile(
    join(folder, 'golden.json'),
    JSON.stringify({ format: 1, features, rows, outputs, tolerance: 1e-5 }),
  );
}
