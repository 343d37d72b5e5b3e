import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scaledBox, smallestBox, type Point, type RotatedBox } from './rotated-box.ts';

const point = fc.record({ x: fc.integer({ min: -50, max: 50 }), y: fc.integer({ min: -50, max: 50 }) });

test('every point lies in the box, and the box is upright rather than on its side', () => {
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 30 }), (points) => {
      const box = smallestBox(points);
      for (const each of points) expect(holds(box, each)).toBe(true);
      expect(Math.abs(box.angle)).toBeLessThanOrEqual(Math.PI / 4 + 1e-9);
    }),
  );
});

test('no box along another direction is smaller', () => {
  fc.assert(
    fc.property(
      fc.array(point, { minLength: 3, maxLength: 30 }),
      fc.double({ min: 0, max: Math.PI / 2, noNaN: true }),
      (points, angle) => {
        const along = points.map(({ x, y }) => x * Math.cos(angle) + y * Math.sin(angle));
        const across = points.map(({ x, y }) => y * Math.cos(angle) - x * Math.sin(angle));
        const area = (Math.max(...along) - Math.min(...along)) * (Math.max(...across) - Math.min(...across));
        const { width, height } = smallestBox(points);
        expect(width * height).toBeLessThanOrEqual(area + 1e-6);
      },
    ),
  );
});

test('scaling', () => {
  const box: RotatedBox = { centre: { x: 10, y: 20 }, width: 30, height: 8, angle: 0 };
  expect(scaledBox(box, 2, 3)).toEqual({ centre: { x: 20, y: 60 }, width: 60, height: 24, angle: 0 });
});

function holds({ centre, width, height, angle }: RotatedBox, { x, y }: Point): boolean {
  const [dx, dy] = [x - centre.x, y - centre.y];
  const along = dx * Math.cos(angle) + dy * Math.sin(angle);
  const across = dy * Math.cos(angle) - dx * Math.sin(angle);
  return Math.abs(along) <= width / 2 + 1e-6 && Math.abs(across) <= height / 2 + 1e-6;
}
