import { createCanvas, type Canvas, type SKRSContext2D } from '@napi-rs/canvas';
import type { Colour } from './colour.ts';
import { fontWeight, FONTS, type FontName } from './fonts.ts';

/** One drawn line of text, as ground truth for reading it back. */
export interface DrawnText {
  readonly text: string;
  /** Axis-aligned, in pixels of the picture: left, top, width, height. */
  readonly box: readonly [number, number, number, number];
  readonly sizePx: number;
  readonly font: FontName;
}

/** A canvas that remembers every line of text drawn on it. */
export interface Sheet {
  readonly canvas: Canvas;
  readonly ctx: SKRSContext2D;
  readonly width: number;
  readonly height: number;
  readonly texts: DrawnText[];
}

export interface TextStyle {
  readonly font: FontName;
  readonly strength: 0 | 1 | 2;
  readonly sizePx: number;
  readonly colour: Colour;
  readonly align?: 'left' | 'center' | 'right';
}

export interface TextBlock extends TextStyle {
  readonly x: number;
  /** Top of the first line. */
  readonly y: number;
  readonly maxWidth: number;
  readonly maxLines?: number;
  readonly maxHeight?: number;
}

export function createSheet(width: number, height: number): Sheet {
  const canvas = createCanvas(width, height);
  return { canvas, ctx: canvas.getContext('2d'), width, height, texts: [] };
}

/** Draws wrapped text, smaller if it would not fit, and returns the y below its last line. */
export function drawText(sheet: Sheet, text: string, block: TextBlock): number {
  const { ctx } = sheet;
  let { sizePx } = block;
  let lines = wrap(sheet, text, { ...block, sizePx });
  const lineShare = block.font === 'condensed' ? 1.22 : 1.16;
  const fits = (): boolean =>
    lines.length <= (block.maxLines ?? 4) &&
    lines.length * sizePx * lineShare <= (block.maxHeight ?? Infinity) &&
    lines.every((line) => ctx.measureText(line).width <= block.maxWidth);
  while (!fits() && sizePx > 9) {
    sizePx *= 0.92;
    lines = wrap(sheet, text, { ...block, sizePx });
  }
  const lineHeight = sizePx * lineShare;
  ctx.fillStyle = block.colour;
  ctx.textAlign = block.align ?? 'left';
  ctx.textBaseline = 'alphabetic';
  let baseline = block.y + sizePx * 0.92;
  for (const line of lines) {
    ctx.fillText(line, block.x, baseline);
    remember(sheet, line, { ...block, sizePx }, baseline);
    baseline += lineHeight;
  }
  return block.y + lines.length * lineHeight;
}

/** Width in pixels that one line of text takes. */
export function measureText(sheet: Sheet, text: string, style: TextStyle): number {
  setFont(sheet, style);
  return sheet.ctx.measureText(text).width;
}

function setFont(sheet: Sheet, style: TextStyle): void {
  sheet.ctx.font = `${fontWeight(style.font, style.strength)} ${style.sizePx.toFixed(2)}px "${FONTS[style.font]}"`;
}

function wrap(sheet: Sheet, text: string, block: TextBlock): string[] {
  setFont(sheet, block);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line ? `${line} ${word}` : word;
    if (line && sheet.ctx.measureText(longer).width > block.maxWidth) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

function remember(sheet: Sheet, text: string, style: TextBlock, baseline: number): void {
  const { ctx } = sheet;
  const size = ctx.measureText(text);
  const matrix = ctx.getTransform();
  const left = style.x - size.actualBoundingBoxLeft;
  const right = style.x + size.actualBoundingBoxRight;
  const top = baseline - size.actualBoundingBoxAscent;
  const bottom = baseline + size.actualBoundingBoxDescent;
  const corners = [
    [left, top],
    [right, top],
    [left, bottom],
    [right, bottom],
  ] as const;
  const xs = corners.map(([x, y]) => matrix.a * x + matrix.c * y + matrix.e);
  const ys = corners.map(([x, y]) => matrix.b * x + matrix.d * y + matrix.f);
  const [x, y] = [Math.floor(Math.min(...xs)), Math.floor(Math.min(...ys))];
  sheet.texts.push({
    text,
    box: [x, y, Math.ceil(Math.max(...xs)) - x, Math.ceil(Math.max(...ys)) - y],
    sizePx: Math.round(style.sizePx * Math.hypot(matrix.a, matrix.b)),
    font: style.font,
  });
}
