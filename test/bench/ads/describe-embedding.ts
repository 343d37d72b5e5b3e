import { resolve } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';

/* The minimum work of `ad_image`: fetch, decode, encode. */
const SIDE = 256;
const ENCODER = resolve(import.meta.dirname, '../../../examples/ads/models/encoder/model.onnx');

sharp.concurrency(1);
sharp.cache(false);
const session = await InferenceSession.create(ENCODER, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
});

export default async function describeEmbedding(address: string): Promise<void> {
  const answer = await fetch(address);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const rgb = await sharp(bytes, { ignoreIcc: true })
    .autoOrient()
    .resize(SIDE, SIDE, { fit: 'fill' })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer();
  const area = SIDE * SIDE;
  const pixels = new Float32Array(3 * area);
  for (let pixel = 0; pixel < area; pixel++) {
    pixels[pixel] = (rgb[3 * pixel] as number) / 255;
    pixels[area + pixel] = (rgb[3 * pixel + 1] as number) / 255;
    pixels[2 * area + pixel] = (rgb[3 * pixel + 2] as number) / 255;
  }
  await session.run({ pixels: new Tensor('float32', pixels, [1, 3, SIDE, SIDE]) });
}
