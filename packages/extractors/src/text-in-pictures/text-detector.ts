import { LarderError } from '@larder/core';
import { createSession } from '@larder/model-runtime';
import sharp from 'sharp';
import { compilePixelScale } from '../pictures/picture-pixels.ts';
import { findBoxes } from './find-boxes.ts';
import type { Pixels } from './pixels.ts';
import { scaledBox, type RotatedBox } from './rotated-box.ts';

/** A loaded network that finds lines of text. */
export interface TextDetector {
  /** Boxes in pixels of the picture. Blocks the thread for about 0.1 s. */
  detect(picture: Pixels): Promise<RotatedBox[]>;
  close(): Promise<void>;
}

/** Every picture is scaled to this many pixels, whatever its shape: time and memory are the same for each. */
const AREA = 640 * 640;
/** Small pictures are enlarged, but not so far that their grain looks like letters. */
const MAX_ENLARGEMENT = 1.5;
/** The network halves a picture five times. */
const STEP = 32;
/** Normalization that the network was trained with: blue first. */
const SCALE = compilePixelScale({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });

/** @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH */
export async function loadTextDetector(modelPath: string): Promise<TextDetector> {
  // Applies to the whole process: one thread per picture, several pictures at a time.
  sharp.concurrency(1);
  const session = await createSession({ modelPath });
  const [input] = session.inputs;
  const [output] = session.outputs;
  if (input?.shape.length !== 4 || output?.shape.length !== 4) {
    await session.close();
    throw new LarderError(
      'MODEL_SIGNATURE_MISMATCH',
      `${modelPath}: a text detector has an input float32 [1, 3, H, W] and an output float32 [1, 1, H, W].`,
    );
  }
  return {
    async detect(picture) {
      const { width, height } = detectionSize(picture);
      const rgb = await sharp(picture.rgb, {
        raw: { width: picture.width, height: picture.height, channels: 3 },
      })
        .resize(width, height, { fit: 'fill' })
        .raw()
        .toBuffer();
      const feeds = { [input.name]: { data: bluePlanesFirst(rgb), dims: [1, 3, height, width] } };
      const results = await session.run(feeds, [output.name]);
      const data = results[output.name]?.data as Float32Array;
      const [x, y] = [picture.width / width, picture.height / height];
      return findBoxes({ data, width, height }).map((box) => scaledBox(box, x, y));
    },
    close: () => session.close(),
  };
}

/** @internal */
export function detectionSize({ width, height }: Pick<Pixels, 'width' | 'height'>): {
  width: number;
  height: number;
} {
  const scale = Math.min(MAX_ENLARGEMENT, Math.sqrt(AREA / (width * height)));
  // A side that is too long for its area (a line of 10,000 × 4 pixels) is shortened.
  const side = (length: number): number =>
    Math.min(AREA / STEP / STEP, Math.max(1, Math.round((length * scale) / STEP))) * STEP;
  return { width: side(width), height: side(height) };
}

function bluePlanesFirst(rgb: Uint8Array): Float32Array {
  const area = rgb.length / 3;
  const planes = new Float32Array(rgb.length);
  for (let pixel = 0, at = 0; pixel < area; pixel++, at += 3) {
    planes[pixel] = SCALE[rgb[at + 2] as number] as number;
    planes[area + pixel] = SCALE[256 + (rgb[at + 1] as number)] as number;
    planes[2 * area + pixel] = SCALE[512 + (rgb[at] as number)] as number;
  }
  return planes;
}
