import { createCanvas, type Canvas } from '@napi-rs/canvas';
import { createRandom, type Random } from '../random.ts';
import type { Sheet } from './sheet.ts';

const TILE_PX = 192;
let grainTile: Canvas | undefined;

/** Film grain over the whole picture; `strength` between 0 and 1. */
export function drawGrain(sheet: Sheet, strength: number): void {
  const { ctx } = sheet;
  grainTile ??= noiseTile(TILE_PX, createRandom('grain'));
  ctx.save();
  ctx.globalAlpha = strength;
  ctx.globalCompositeOperation = 'overlay';
  const pattern = ctx.createPattern(grainTile, 'repeat');
  if (pattern === null) throw new Error('The canvas returned no pattern.');
  ctx.fillStyle = pattern;
  ctx.fillRect(0, 0, sheet.width, sheet.height);
  ctx.restore();
}

/** Cloudy light and shade: octaves of small noise, enlarged smoothly. */
export function drawClouds(sheet: Sheet, random: Random, strength: number): void {
  const { ctx } = sheet;
  ctx.save();
  ctx.globalCompositeOperation = 'soft-light';
  ctx.imageSmoothingEnabled = true;
  for (const cells of [5, 11, 24]) {
    ctx.globalAlpha = strength * (5 / cells) ** 0.4;
    ctx.drawImage(noiseTile(cells, random), -20, -20, sheet.width + 40, sheet.height + 40);
  }
  ctx.restore();
}

function noiseTile(sizePx: number, random: Random): Canvas {
  const canvas = createCanvas(sizePx, sizePx);
  const ctx = canvas.getContext('2d');
  const pixels = ctx.createImageData(sizePx, sizePx);
  for (let at = 0; at < pixels.data.length; at += 4) {
    const value = Math.floor(random.next() * 256);
    pixels.data[at] = value;
    pixels.data[at + 1] = value;
    pixels.data[at + 2] = value;
    pixels.data[at + 3] = 255;
  }
  ctx.putImageData(pixels, 0, 0);
  return canvas;
}
