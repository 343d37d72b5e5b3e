import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSession } from './create-session.ts';
import { readModelFile } from './model-file.ts';
import { buildOnnx } from './onnx/index.ts';

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
