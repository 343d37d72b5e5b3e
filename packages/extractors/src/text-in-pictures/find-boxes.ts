import { grownBox, smallestBox, type Point, type RotatedBox } from './rotated-box.ts';

/** A detector's output: for each pixel, the probability that it is in the middle of a line of text. */
export interface ProbabilityMap {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
}

/*
 * Values from the authors of the network (M. Liao et al., "Real-time Scene Text Detection with Differentiable Binarization",
 * AAAI 2020; PaddleOCR): it learns lines shrunk by area × (1 − 0.4²) ÷ perimeter, so the regions found are grown.
 */
const PIXEL_THRESHOLD = 0.3;
const BOX_THRESHOLD = 0.6;
const UNCLIP_RATIO = 1.6;
/** In pixels of the map. */
const MIN_SIDE = 2;
/** No real picture has more lines; noise may. */
const MAX_BOXES = 200;

/** Boxes around connected regions of probable text, in pixels of the map, the largest first. */
export function findBoxes(map: ProbabilityMap): RotatedBox[] {
  const boxes: RotatedBox[] = [];
  for (const { outline, meanProbability } of regions(map)) {
    if (meanProbability < BOX_THRESHOLD) continue;
    const core = smallestBox(outline);
    if (Math.min(core.width, core.height) < MIN_SIDE) continue;
    const margin = (core.width * core.height * UNCLIP_RATIO) / (2 * (core.width + core.height));
    boxes.push(grownBox(core, margin));
  }
  return boxes.toSorted((a, b) => b.width * b.height - a.width * a.height).slice(0, MAX_BOXES);
}

interface Region {
  /** Corners of a region's leftmost and rightmost pixels in each row: the convex hull needs no others. */
  readonly outline: Point[];
  readonly meanProbability: number;
}

/** Regions of pixels that touch, including at corners. */
function* regions({ data, width, height }: ProbabilityMap): Generator<Region> {
  const seen = new Uint8Array(data.length);
  const stack = new Int32Array(data.length);
  for (let start = 0; start < data.length; start++) {
    if (seen[start] === 1 || (data[start] as number) <= PIXEL_THRESHOLD) continue;
    const rows = new Map<number, { left: number; right: number }>();
    let probability = 0;
    let pixels = 0;
    let waiting = 0;
    stack[waiting++] = start;
    seen[start] = 1;
    while (waiting > 0) {
      const pixel = stack[--waiting] as number;
      const x = pixel % width;
      const y = (pixel - x) / width;
      const row = rows.get(y);
      if (row === undefined) rows.set(y, { left: x, right: x });
      else if (x < row.left) row.left = x;
      else if (x > row.right) row.right = x;
      probability += data[pixel] as number;
      pixels++;
      for (let nextY = Math.max(0, y - 1); nextY <= Math.min(height - 1, y + 1); nextY++) {
        for (let nextX = Math.max(0, x - 1); nextX <= Math.min(width - 1, x + 1); nextX++) {
          const next = nextY * width + nextX;
          if (seen[next] === 1 || (data[next] as number) <= PIXEL_THRESHOLD) continue;
          seen[next] = 1;
          stack[waiting++] = next;
        }
      }
    }
    yield { outline: outlineOf(rows), meanProbability: probability / pixels };
  }
}

function outlineOf(rows: ReadonlyMap<number, { readonly left: number; readonly right: number }>): Point[] {
  return [...rows].flatMap(([y, { left, right }]) => [
    { x: left, y },
    { x: left, y: y + 1 },
    { x: right + 1, y },
    { x: right + 1, y: y + 1 },
  ]);
}
