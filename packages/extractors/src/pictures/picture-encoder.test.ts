import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildOnnx, type OnnxGraph } from '@larder/model-runtime/onnx';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadPictureEncoder } from './picture-encoder.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-encoder-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** An encoder of 2 × 2 pictures whose embedding is the mean of each colour, and its golden picture: all (255, 51, 0). */
async function writeEncoder(
  graph: Partial<OnnxGraph> = {},
  embedding: readonly number[] = [1, 0.2, 0],
): Promise<void> {
  const model = buildOnnx({
    name: 'means',
    inputs: [{ name: 'x', shape: ['N', 3, 2, 2] }],
    outputs: [{ name: 'y', shape: ['N', 3] }],
    nodes: [
      {
        op: 'ReduceMean',
        inputs: ['x'],
        outputs: ['y'],
        attributes: { axes: { ints: [2, 3] }, keepdims: { int: 0 } },
      },
    ],
    ...graph,
  });
  const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'rgb(255,51,0)' } })
    .png()
    .toBuffer();
  const golden = {
    format: 1,
    pictures: [{ name: 'orange', png: png.toString('base64') }],
    outputs: { embedding: [embedding] },
  };
  await writeFile(join(folder, 'model.onnx'), model);
  await writeFile(join(folder, 'golden.json'), JSON.stringify(golden));
}

test('encodes pictures of its own size, concurrent calls in turn', async () => {
  await writeEncoder();
  const encoder = await loadPictureEncoder(folder);
  expect(encoder).toMatchObject({ width: 2, height: 2, fit: 'fill', length: 3 });
  const colours = [
    [255, 0, 0],
    [0, 255, 0],
    [51, 51, 51],
  ];
  const embeddings = await Promise.all(
    colours.map((colour) => encoder.encode(Uint8Array.from({ length: 12 }, (_, at) => colour[at % 3] ?? 0))),
  );
  expect(embeddings.map((embedding) => [...embedding].map((value) => Number(value.toFixed(6))))).toEqual([
    [1, 0, 0],
    [0, 1, 0],
    [0.2, 0.2, 0.2],
  ]);
  await encoder.close();
});

test('scales as the metadata says', async () => {
  const picture = { fit: 'cover', mean: [0.5, 0.2, 0], std: [0.5, 0.1, 1] };
  await writeEncoder({ metadata: { 'larder.picture': JSON.stringify(picture) } }, [1, 0, 0]);
  const encoder = await loadPictureEncoder(folder);
  expect(encoder.fit).toBe('cover');
  await encoder.close();
});

test('refuses an encoder that does not reproduce its golden pictures', async () => {
  await writeEncoder({}, [1, 0.3, 0]);
  await expect(loadPictureEncoder(folder)).rejects.toMatchObject({
    code: 'MODEL_GOLDEN_MISMATCH',
    message: expect.stringMatching(
      /golden picture 'orange' has embedding\[1\] = 0\.3; here the encoder returns 0\.2/,
    ),
  });
});

test('refuses golden embeddings of another length', async () => {
  await writeEncoder({}, [1]);
  await expect(loadPictureEncoder(folder)).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    message: expect.stringContaining("must hold 3 floats for the picture 'orange'"),
  });
});

test.each([
  [
    'pixel by pixel',
    {
      inputs: [{ name: 'x', shape: ['N', 2, 2, 3] }],
      nodes: [{ op: 'Flatten', inputs: ['x'], outputs: ['y'] }],
    },
  ],
  ['of any size', { inputs: [{ name: 'x', shape: ['N', 3, 'H', 'W'] }] }],
  [
    'of a table',
    { inputs: [{ name: 'x', shape: ['N', 3] }], nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }] },
  ],
] satisfies [string, Partial<OnnxGraph>][])('refuses an encoder %s', async (_, graph) => {
  await writeEncoder(graph);
  await expect(loadPictureEncoder(folder)).rejects.toMatchObject({
    code: 'MODEL_SIGNATURE_MISMATCH',
    message: expect.stringContaining('one input float32 [N, 3, H, W] and one output float32 [N, K]'),
  });
});

test.each(['{', '{"fit":"squash"}', '{"mean":[0,0]}', '{"std":[1,1,0]}', '{"size":224}'])(
  'refuses larder.picture %s',
  async (text) => {
    await writeEncoder({ metadata: { 'larder.picture': text } });
    await expect(loadPictureEncoder(folder)).rejects.toMatchObject({
      code: 'ARTIFACT_INVALID',
      message: expect.stringContaining("'larder.picture' must be like"),
    });
  },
);
