import { mkdir, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { DESCRIPTOR } from './descriptor.ts';
import { goldenPictures } from './golden-pictures.ts';
import { encoderOnnx } from './graph.ts';
import { describePicture } from './reference.ts';

/** Writes the encoder's artifact: `node build.ts`. The golden outputs come from the plain loops, not from the graph. */
const folder = new URL('../models/encoder/', import.meta.url);
const { side } = DESCRIPTOR;

const pictures = [];
const embeddings = [];
for (const { name, rgb } of goldenPictures()) {
  const png = await sharp(rgb, { raw: { width: side, height: side, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  pictures.push({ name, png: png.toString('base64') });
  embeddings.push(describePicture(planar(rgb)).map((value) => Number(value.toFixed(6))));
}

await mkdir(folder, { recursive: true });
await writeFile(new URL('model.onnx', folder), encoderOnnx());
await writeFile(
  new URL('golden.json', folder),
  `${JSON.stringify({ format: 1, pictures, outputs: { embedding: embeddings }, tolerance: 1e-4 })}\n`,
);

/** RGB bytes, pixel by pixel → floats from 0 to 1, colour by colour. */
function planar(rgb: Uint8Array): Float32Array {
  const area = side * side;
  return Float32Array.from(
    { length: 3 * area },
    (_, index) => (rgb[(index % area) * 3 + Math.floor(index / area)] as number) / 255,
  );
}
