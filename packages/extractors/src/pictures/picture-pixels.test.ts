import { expect, test } from 'vitest';
import { compilePixelScale, pictureStatistics, writePixels } from './picture-pixels.ts';

test('pixels are stored colour by colour, scaled by mean and deviation', () => {
  const target = new Float32Array(6);
  const scale = compilePixelScale({ mean: [0, 0.5, 0], std: [1, 0.5, 2] });
  writePixels(Uint8Array.of(0, 255, 51, 255, 0, 102), scale, target);
  expect([...target].map((value) => Number(value.toFixed(6)))).toEqual([0, 1, 1, -1, 0.1, 0.2]);
});

test('grey has no colour', () => {
  expect(pictureStatistics(new Uint8Array(300).fill(51))).toEqual({ brightness: 0.2, colourfulness: 0 });
});

test('colourfulness of two saturated pixels, by the formula', () => {
  // Red: rg = 255, yb = 127.5; blue: rg = 0, yb = −255.
  const { brightness, colourfulness } = pictureStatistics(Uint8Array.of(255, 0, 0, 0, 0, 255));
  const sigma = Math.hypot(127.5, (127.5 + 255) / 2);
  const mu = Math.hypot(127.5, (127.5 - 255) / 2);
  expect(colourfulness).toBeCloseTo(sigma + 0.3 * mu, 9);
  expect(brightness).toBeCloseTo((0.299 + 0.114) / 2, 9);
});
