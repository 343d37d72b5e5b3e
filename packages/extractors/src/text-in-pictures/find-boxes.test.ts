import { expect, test } from 'vitest';
import { findBoxes, type ProbabilityMap } from './find-boxes.ts';

const WIDTH = 120;
const HEIGHT = 80;

function map(inside: (x: number, y: number) => number): ProbabilityMap {
  const data = Float32Array.from({ length: WIDTH * HEIGHT }, (_, at) =>
    inside(at % WIDTH, Math.floor(at / WIDTH)),
  );
  return { data, width: WIDTH, height: HEIGHT };
}

test('a region becomes a box around it, grown by area × 1.6 ÷ perimeter on each side', () => {
  const [box, ...others] = findBoxes(map((x, y) => (x >= 20 && x < 80 && y >= 30 && y < 40 ? 0.9 : 0)));
  expect(others).toEqual([]);
  const margin = (60 * 10 * 1.6) / (2 * 70);
  expect(box?.centre).toEqual({ x: expect.closeTo(50), y: expect.closeTo(35) });
  expect(box?.width).toBeCloseTo(60 + 2 * margin);
  expect(box?.height).toBeCloseTo(10 + 2 * margin);
  expect(box?.angle).toBeCloseTo(0);
});

test('regions that touch only at a corner are one; a gap makes two, the larger first', () => {
  const corner = map((x, y) => ((x < 20 && y < 20) || (x >= 20 && x < 40 && y >= 20 && y < 40) ? 0.9 : 0));
  expect(findBoxes(corner)).toHaveLength(1);
  const gap = map((x, y) => (y >= 10 && y < 20 && x !== 30 && x < 100 ? 0.9 : 0));
  expect(findBoxes(gap).map(({ centre }) => Math.round(centre.x))).toEqual([66, 15]);
});

test('a turned line has a turned box', () => {
  const angle = 0.3;
  const [box] = findBoxes(
    map((x, y) => {
      const [dx, dy] = [x + 0.5 - 60, y + 0.5 - 40];
      const along = dx * Math.cos(angle) + dy * Math.sin(angle);
      const across = dy * Math.cos(angle) - dx * Math.sin(angle);
      return Math.abs(along) < 40 && Math.abs(across) < 6 ? 0.9 : 0;
    }),
  );
  expect(box?.angle).toBeCloseTo(angle, 1);
  expect(box?.centre).toEqual({ x: expect.closeTo(60, 0), y: expect.closeTo(40, 0) });
  expect((box?.width ?? 0) / (box?.height ?? 1)).toBeGreaterThan(3);
});

test('a region that is improbable overall, or a speck, is not text', () => {
  expect(findBoxes(map((x, y) => (x < 40 && y < 20 ? 0.5 : 0)))).toEqual([]);
  expect(findBoxes(map((x, y) => (x === 40 && y < 60 ? 0.9 : 0)))).toEqual([]);
  expect(findBoxes(map(() => 0))).toEqual([]);
});

test('noise gives a bounded number of boxes', () => {
  const checks = map((x, y) => (x % 4 < 2 && y % 4 < 2 ? 0.9 : 0));
  expect(findBoxes(checks)).toHaveLength(200);
});
