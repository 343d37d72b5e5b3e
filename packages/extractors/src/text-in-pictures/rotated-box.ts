export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle that may be turned; `angle` (radians, −π/4 to π/4) is the direction of its `width`. */
export interface RotatedBox {
  readonly centre: Point;
  readonly width: number;
  readonly height: number;
  readonly angle: number;
}

/** The rectangle of least area around points: one of its sides lies on the convex hull (Freeman & Shapira 1975). */
export function smallestBox(points: readonly Point[]): RotatedBox {
  const hull = convexHull(points);
  let best: RotatedBox | undefined;
  hull.forEach((from, at) => {
    const to = hull[(at + 1) % hull.length] as Point;
    const box = boxAlong(hull, uprightAngle(Math.atan2(to.y - from.y, to.x - from.x)));
    if (best === undefined || box.width * box.height < best.width * best.height) best = box;
  });
  if (best === undefined) throw new Error('a box needs at least one point');
  return best;
}

/** The same box with `margin` more on each side. */
export function grownBox(box: RotatedBox, margin: number): RotatedBox {
  return { ...box, width: box.width + 2 * margin, height: box.height + 2 * margin };
}

/** The box after the picture is stretched by `x` and `y`, which are nearly equal: the angle stays. */
export function scaledBox({ centre, width, height, angle }: RotatedBox, x: number, y: number): RotatedBox {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return {
    centre: { x: centre.x * x, y: centre.y * y },
    width: width * Math.hypot(cos * x, sin * y),
    height: height * Math.hypot(sin * x, cos * y),
    angle,
  };
}

/** Turns the angle by quarter turns into −π/4 to π/4: text runs along the picture, not up. */
function uprightAngle(angle: number): number {
  return angle - Math.round(angle / (Math.PI / 2)) * (Math.PI / 2);
}

function boxAlong(points: readonly Point[], angle: number): RotatedBox {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of points) {
    const along = x * cos + y * sin;
    const across = y * cos - x * sin;
    left = Math.min(left, along);
    right = Math.max(right, along);
    top = Math.min(top, across);
    bottom = Math.max(bottom, across);
  }
  const [along, across] = [(left + right) / 2, (top + bottom) / 2];
  return {
    centre: { x: along * cos - across * sin, y: along * sin + across * cos },
    width: right - left,
    height: bottom - top,
    angle,
  };
}

/** Andrew's monotone chain. */
function convexHull(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((a, b) => a.x - b.x || a.y - b.y);
  if (sorted.length < 3) return sorted;
  return [...chain(sorted), ...chain(sorted.toReversed())];
}

/** Half of the hull without its last point, which begins the other half. */
function chain(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    while (kept.length >= 2 && !turnsLeft(kept.at(-2) as Point, kept.at(-1) as Point, point)) kept.pop();
    kept.push(point);
  }
  kept.pop();
  return kept;
}

function turnsLeft(a: Point, b: Point, c: Point): boolean {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x) > 0;
}
