import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { buildOnnx } from '../onnx/index.ts';
import { createSession } from './create-session.ts';
import { withMetadata } from './with-metadata.ts';

const model = buildOnnx({
  name: 'sum',
  inputs: [{ name: 'x', shape: ['N', 2] }],
  outputs: [{ name: 'y', shape: ['N', 2] }],
  nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  metadata: { 'larder.features': '["a:b"]', author: 'Ünal' },
});

test('one entry of the metadata is replaced; the others and the graph stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'larder-metadata-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const modelPath = join(folder, 'model.onnx');
  const once = withMetadata(model, { key: 'larder.features', value: '["a:ß","c:d"]' }, modelPath);
  const twice = withMetadata(once, { key: 'larder.features', value: '["e:f"]' }, modelPath);
  await writeFile(modelPath, twice);
  const session = await createSession({ modelPath });
  onTestFinished(() => session.close());
  expect(session.metadata).toEqual({ 'larder.features': '["e:f"]', author: 'Ünal' });
  const { y } = await session.run({ x: { data: Float32Array.of(1, 2), dims: [1, 2] } });
  expect([...(y?.data ?? [])]).toEqual([2, 4]);
});

test('what is not ONNX is refused', () => {
  expect(() => withMetadata(Buffer.from('<html>'), { key: 'a', value: 'b' }, 'model.onnx')).toThrow(
    'model.onnx is not an ONNX file',
  );
});
