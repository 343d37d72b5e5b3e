import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createSession } from '@larder/model-runtime';
import { describe, expect, test } from 'vitest';
import { DESCRIPTOR } from './descriptor.ts';
import { encoderOnnx } from './graph.ts';
import { describePicture } from './reference.ts';

const MODEL = fileURLToPath(new URL('../models/encoder/model.onnx', import.meta.url));
const { side, length, orientations, wavelength } = DESCRIPTOR;

async function encode(pixels: Float32Array): Promise<Float32Array> {
  const session = await createSession({ modelPath: MODEL });
  const { embedding } = await session.run({ pixels: { data: pixels, dims: [1, 3, side, side] } });
  await session.close();
  return embedding?.data ?? new Float32Array();
}

const paint = (colour: (x: number, y: number, channel: number) => number): Float32Array =>
  Float32Array.from({ length: 3 * side * side }, (_, index) =>
    colour(index % side, Math.floor(index / side) % side, Math.floor(index / side / side)),
  );

test('the committed file is what the script writes', async () => {
  expect(Buffer.compare(await readFile(MODEL), encoderOnnx())).toBe(0);
});

test('the graph equals the plain loops on a picture without structure', async () => {
  let state = 1;
  const pixels = paint(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  });
  const [graph, loops] = [await encode(pixels), describePicture(pixels)];
  expect(graph).toHaveLength(length);
  expect(Math.max(...loops.map((value, index) => Math.abs(value - (graph[index] ?? NaN))))).toBeLessThan(
    1e-5,
  );
});

describe('what the numbers mean', () => {
  /** Mean over the grid, by scale and orientation. */
  const energies = (embedding: Float32Array): number[] =>
    Array.from({ length: 5 * orientations }, (_, channel) =>
      embedding.subarray(channel * 16, channel * 16 + 16).reduce((sum, value) => sum + value / 16, 0),
    );
  const strongest = (embedding: Float32Array): number => {
    const all = energies(embedding);
    return all.indexOf(Math.max(...all));
  };
  const stripes = (angle: number, pixels: number): Float32Array =>
    paint(
      (x, y) => 0.5 + 0.5 * Math.sin((2 * Math.PI * (x * Math.cos(angle) + y * Math.sin(angle))) / pixels),
    );

  test.each([
    [0, 0],
    [0, 3],
    [1, 2],
    [3, 5],
    [4, 1],
  ])('stripes of scale %d and orientation %d answer there most', async (scale, orientation) => {
    const picture = stripes((Math.PI * orientation) / orientations, wavelength * 2 ** scale);
    expect(strongest(await encode(picture))).toBe(scale * orientations + orientation);
  });

  test('a flat picture has no texture, whatever its colour', async () => {
    const embedding = await encode(paint((_x, _y, channel) => [0.9, 0.2, 0.4][channel] ?? 0));
    expect(Math.max(...energies(embedding))).toBeLessThan(1e-3);
    expect(embedding[480], 'red against green').toBeCloseTo(0.7, 3);
    expect(embedding[496], 'yellow against blue').toBeCloseTo(0.15, 3);
  });
});
