import { expect, test } from 'vitest';
import { cropLine, LINE_HEIGHT } from './crop-line.ts';
import type { Pixels } from './pixels.ts';

/** Left half red, right half blue. */
const WIDTH = 400;
const HEIGHT = 100;
const picture: Pixels = {
  rgb: Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, at) => {
    const left = Math.floor(at / 3) % WIDTH < WIDTH / 2;
    return at % 3 === (left ? 0 : 2) ? 255 : 0;
  }),
  width: WIDTH,
  height: HEIGHT,
};

/** Blue, green and red at a pixel of the crop, −1 to 1. */
function colourAt({ data, width }: ReturnType<typeof cropLine>, x: number, y: number): number[] {
  return [0, 1, 2].map((plane) => data[plane * LINE_HEIGHT * width + y * width + x] as number);
}

test('a level box: blue first, 48 high, as wide as its shape says', () => {
  const crop = cropLine(picture, { centre: { x: 200, y: 50 }, width: 400, height: 100, angle: 0 });
  expect(crop.width).toBe(192);
  expect(crop.data).toHaveLength(3 * LINE_HEIGHT * 192);
  expect(colourAt(crop, 10, 24)).toEqual([-1, -1, 1]);
  expect(colourAt(crop, 180, 24)).toEqual([1, -1, -1]);
});

test('a turned box comes out level', () => {
  const crop = cropLine(picture, { centre: { x: 200, y: 50 }, width: 100, height: 20, angle: Math.PI / 4 });
  expect(colourAt(crop, 2, 24)).toEqual([-1, -1, 1]);
  expect(colourAt(crop, 235, 24)).toEqual([1, -1, -1]);
});

test('a narrow box gets a grey margin; one beyond the border repeats it', () => {
  const narrow = cropLine(picture, { centre: { x: 10, y: 10 }, width: 10, height: 20, angle: 0 });
  expect(narrow.width).toBe(96);
  expect(colourAt(narrow, 60, 24)).toEqual([0, 0, 0]);
  const outside = cropLine(picture, { centre: { x: -90, y: -90 }, width: 80, height: 20, angle: 0 });
  expect(colourAt(outside, 50, 24)).toEqual([-1, -1, 1]);
});

test('memory is bounded whatever the box', () => {
  const flat = cropLine(picture, { centre: { x: 200, y: 50 }, width: 400, height: 0.01, angle: 0 });
  expect(flat.width).toBe(2_400);
});
