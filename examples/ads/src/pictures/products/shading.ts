import { Path2D, type CanvasGradient, type SKRSContext2D } from '@napi-rs/canvas';
import { darker, lighter, type Colour } from '../colour.ts';

/** Light from the left: a rounded body's shading across x. */
export function roundShade(ctx: SKRSContext2D, colour: Colour, left: number, right: number): CanvasGradient {
  const gradient = ctx.createLinearGradient(left, 0, right, 0);
  gradient.addColorStop(0, darker(colour, 0.18));
  gradient.addColorStop(0.28, lighter(colour, 0.28));
  gradient.addColorStop(0.6, colour);
  gradient.addColorStop(1, darker(colour, 0.38));
  return gradient;
}

/** Light from above: lighter at the top edge, darker at the bottom edge. */
export function fallShade(ctx: SKRSContext2D, colour: Colour, top: number, bottom: number): CanvasGradient {
  const gradient = ctx.createLinearGradient(0, top, 0, bottom);
  gradient.addColorStop(0, lighter(colour, 0.22));
  gradient.addColorStop(1, darker(colour, 0.3));
  return gradient;
}

/** A ball's shading: a highlight above left of the centre. */
export function ballShade(
  ctx: SKRSContext2D,
  colour: Colour,
  ball: readonly [number, number, number],
): CanvasGradient {
  const [x, y, radius] = ball;
  const gradient = ctx.createRadialGradient(x - radius * 0.35, y - radius * 0.4, radius * 0.1, x, y, radius);
  gradient.addColorStop(0, lighter(colour, 0.55));
  gradient.addColorStop(0.5, colour);
  gradient.addColorStop(1, darker(colour, 0.4));
  return gradient;
}

/** Fills the closed outline of an SVG path. */
export function fillPath(ctx: SKRSContext2D, path: string, fill: string | CanvasGradient): void {
  ctx.fillStyle = fill;
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a canvas, not an array
  ctx.fill(new Path2D(path));
}

export function strokePath(ctx: SKRSContext2D, path: string, stroke: Colour, width: number): void {
  ctx.strokeStyle = stroke;
  ctx.lineWidth = width;
  ctx.stroke(new Path2D(path));
}

export function fillCircle(
  ctx: SKRSContext2D,
  circle: readonly [number, number, number],
  fill: string | CanvasGradient,
): void {
  ctx.fillStyle = fill;
  ctx.beginPath();
  ctx.arc(circle[0], circle[1], circle[2], 0, Math.PI * 2);
  ctx.fill();
}

export function fillRounded(
  ctx: SKRSContext2D,
  box: readonly [number, number, number, number, number],
  fill: string | CanvasGradient,
): void {
  ctx.fillStyle = fill;
  ctx.beginPath();
  ctx.roundRect(...box);
  ctx.fill();
}
