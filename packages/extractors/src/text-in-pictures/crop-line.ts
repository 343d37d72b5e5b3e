import type { Pixels } from './pixels.ts';
import type { RotatedBox } from './rotated-box.ts';

/** Input of the recognizer: planes [3 × LINE_HEIGHT × width], blue first, −1 to 1. */
export interface LinePixels {
  readonly data: Float32Array;
  readonly width: number;
}

export const LINE_HEIGHT = 48;
/** The network was not trained on narrower lines; a grey margin pads them. */
const MIN_WIDTH = 96;
/** About 200 letters; memory stays bounded whatever the box. */
const MAX_WIDTH = 2_400;

/**
 * Cuts a box out of the picture, upright and LINE_HEIGHT high. Each pixel is the mean of a grid of points in its
 * footprint, each interpolated between four pixels of the picture, so that large letters do not become ragged.
 */
export function cropLine(picture: Pixels, { centre, width, height, angle }: RotatedBox): LinePixels {
  const inner = Math.min(MAX_WIDTH, Math.max(8, Math.round((LINE_HEIGHT * width) / height)));
  const lineWidth = Math.ceil(Math.max(MIN_WIDTH, inner) / 8) * 8;
  const area = LINE_HEIGHT * lineWidth;
  const data = new Float32Array(3 * area);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [stepX, stepY] = [width / inner, height / LINE_HEIGHT];
  const samplesX = Math.min(4, Math.max(1, Math.round(stepX)));
  const samplesY = Math.min(4, Math.max(1, Math.round(stepY)));
  const samples = samplesX * samplesY;
  const sum = new Float32Array(3);
  for (let y = 0; y < LINE_HEIGHT; y++) {
    for (let x = 0; x < inner; x++) {
      sum.fill(0);
      for (let sample = 0; sample < samples; sample++) {
        const along = (x + ((sample % samplesX) + 0.5) / samplesX) * stepX - width / 2;
        const across = (y + (Math.floor(sample / samplesX) + 0.5) / samplesY) * stepY - height / 2;
        addPixel(picture, centre.x + along * cos - across * sin, centre.y + along * sin + across * cos, sum);
      }
      const pixel = y * lineWidth + x;
      for (let colour = 0; colour < 3; colour++)
        data[colour * area + pixel] = (sum[2 - colour] as number) / samples / 127.5 - 1;
    }
  }
  return { data, width: lineWidth };
}

/** Adds the colour at a point; outside the picture, the colour of its border. */
function addPixel({ rgb, width, height }: Pixels, x: number, y: number, sum: Float32Array): void {
  const right = Math.min(width - 1, Math.max(0, x - 0.5));
  const down = Math.min(height - 1, Math.max(0, y - 0.5));
  const [x0, y0] = [Math.floor(right), Math.floor(down)];
  const [shareX, shareY] = [right - x0, down - y0];
  const nextX = x0 + 1 < width ? 3 : 0;
  const nextY = y0 + 1 < height ? 3 * width : 0;
  const at = 3 * (y0 * width + x0);
  for (let colour = 0; colour < 3; colour++) {
    const topLeft = rgb[at + colour] as number;
    const bottomLeft = rgb[at + nextY + colour] as number;
    const top = topLeft + ((rgb[at + nextX + colour] as number) - topLeft) * shareX;
    const bottom = bottomLeft + ((rgb[at + nextX + nextY + colour] as number) - bottomLeft) * shareX;
    sum[colour] = (sum[colour] as number) + top + (bottom - top) * shareY;
  }
}
