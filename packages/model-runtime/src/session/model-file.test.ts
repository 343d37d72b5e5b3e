import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSession } from './create-session.ts';
import { readModelFile } from './model-file.ts';
import { buildOnnx } from '../onnx/index.ts';

const { onnx } = onnxProto;

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-onnx-'));
  path = join(folder, 'model.onnx');
});

afterEach(() => rm(folder, { recursive: true }));

const EXTERNAL = {
  name: 'weights',
  dims: [1],
  dataType: onnx.TensorProto.DataType.FLOAT,
  dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
  externalData: [{ key: 'location', value: '../../etc/passwd' }],
};

test('reads metadata of a file, however large its weights', async () => {
  const metadata = { 'larder.features': '["a:b"]', note: 'größer' };
  await writeFile(
    path,
    buildOnnx({
      name: 'large',
      inputs: [{ name: 'x', shape: ['N', 1] }],
      outputs: [{ name: 'y', shape: ['N', 1] }],
      nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
      initializers: { w: { shape: [1, 250_000], data: new Float32Array(250_000) } },
      metadata,
    }),
  );
  expect((await readModelFile(path)).metadata).toEqual(metadata);
});

test.each([
  ['an initializer', { initializer: [EXTERNAL] }],
  ['a constant', { node: [{ opType: 'Constant', attribute: [{ name: 'value', t: EXTERNAL }] }] }],
  ['a branch', { node: [{ opType: 'If', attribute: [{ name: 'then', g: { initializer: [EXTERNAL] } }] }] }],
  ['a sparse initializer', { sparseInitializer: [{ values: EXTERNAL }] }],
])('finds and refuses a tensor whose data lie in another file: %s', async (_, graph) => {
  await writeFile(path, onnx.ModelProto.encode(onnx.ModelProto.fromObject({ irVersion: 8, graph })).finish());
  expect((await readModelFile(path)).externalTensors).toEqual(['weights']);
  await expect(createSession({ modelPath: path })).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    message: expect.stringContaining('tensors in other files (first: weights)'),
  });
});

test.each([
  ['text', Buffer.from('not a model at all'), 'is not an ONNX file'],
  ['a message that ends early', Buffer.from([0x3a, 0xff, 0xff, 0x03, 0x00]), 'is not an ONNX file'],
  ['an empty file', Buffer.alloc(0), 'ONNX Runtime cannot open'],
])('refuses %s', async (_, bytes, message) => {
  await writeFile(path, bytes);
  await expect(createSession({ modelPath: path })).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    message: expect.stringContaining(message),
  });
});

test('refuses a missing file by its path', async () => {
  await expect(readModelFile(path)).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    message: expect.stringContaining(path),
  });
});

const IDENTITY = {
  node: [{ opType: 'Identity', input: ['x'], output: ['y'] }],
  input: [{ name: 'x', type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }] } } } }],
  output: [{ name: 'y', type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }] } } } }],
  name: 'identity',
};

function writeIdentity(irVersion: number, opset: number): Promise<void> {
  const model = { irVersion, opsetImport: [{ domain: '', version: opset }], graph: IDENTITY };
  return writeFile(path, onnx.ModelProto.encode(onnx.ModelProto.fromObject(model)).finish());
}

test.each([
  ['IR version', 99, 17, /it has IR version 99; at most \d+ is supported; set model.ir_version = \d+ before/],
  ['opset', 8, 99, /it has opset 99; at most \d+ is supported; export it again with opset_version=\d+\./],
])('a file of a newer %s says how to write it', async (_, irVersion, opset, message) => {
  await writeIdentity(irVersion, opset);
  await expect(createSession({ modelPath: path })).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    message: expect.stringMatching(message),
  });
});

test.each([
  ['another input', { pixels: { data: Float32Array.of(1, 2), dims: [2] } }, ['y']],
  ['another size', { x: { data: Float32Array.of(1, 2), dims: [3] } }, ['y']],
  ['another output', { x: { data: Float32Array.of(1, 2), dims: [2] } }, ['embedding']],
])('a run with %s shows what was given and what the file wants', async (_, feeds, outputs) => {
  await writeIdentity(8, 17);
  const session = await createSession({ modelPath: path });
  const [[name, { dims }] = ['', { dims: [] }]] = Object.entries(feeds);
  await expect(session.run(feeds, outputs)).rejects.toThrow(
    `. Given: ${name} (float32 [${dims.join(', ')}]). ` +
      'Inputs of the network: x (float32 [2]); outputs: y (float32 [2]).',
  );
  await session.close();
});
