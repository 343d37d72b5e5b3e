import { join } from 'node:path';
import { LarderError } from '@larder/core';
import { createSession, readArtifactJson, worstDifference, type Session } from '@larder/model-runtime';
import { z } from 'zod';
import { decodePicture, type PictureFit } from './decode-picture.ts';
import { compilePixelScale, writePixels } from './picture-pixels.ts';

/** A loaded, checked and warm picture encoder. */
export interface PictureEncoder {
  /** Size of the pixels that `encode` takes. */
  readonly width: number;
  readonly height: number;
  readonly fit: PictureFit;
  /** Number of floats in an embedding. */
  readonly length: number;
  /** RGB bytes [height × width × 3] → embedding. Blocks the thread while it runs; concurrent calls take turns. */
  encode(rgb: Uint8Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/** `larder.picture` in the metadata of the model: how to prepare a picture for its input. */
const preprocessing = z.strictObject({
  fit: z.enum(['fill', 'cover', 'contain']).default('fill'),
  mean: z.tuple([z.number(), z.number(), z.number()]).default([0, 0, 0]),
  std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]).default([1, 1, 1]),
});

/** `golden.json` of an encoder: pictures of the input's size with embeddings from another implementation. */
const goldenPictures = z.strictObject({
  format: z.literal(1),
  pictures: z.array(z.strictObject({ name: z.string(), png: z.base64() })).min(1),
  outputs: z.strictObject({ embedding: z.array(z.array(z.number())) }),
  tolerance: z.number().positive().default(1e-4),
});

/**
 * Loads an encoder's artifact: one input float32 [N, 3, H, W], one output float32 [N, K]; runs its golden pictures.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export async function loadPictureEncoder(artifactPath: string): Promise<PictureEncoder> {
  const session = await createSession({ modelPath: join(artifactPath, 'model.onnx') });
  try {
    const encoder = createEncoder(session, artifactPath);
    await checkGoldenPictures(encoder, artifactPath);
    return encoder;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/**
 * One picture per run: on one core a batch of 8 takes 1.2 × as long per picture (the planes do not fit the cache), and
 * a value never depends on the other pictures of a batch.
 */
function createEncoder(session: Session, artifactPath: string): PictureEncoder {
  const { input, output, width, height, length } = checkSignature(session, artifactPath);
  const { fit, mean, std } = readPreprocessing(session, artifactPath);
  const scale = compilePixelScale({ mean, std });
  const pixels = new Float32Array(3 * width * height);
  const dims = [1, 3, height, width];
  let turn: Promise<unknown> = Promise.resolve();

  const run = async (rgb: Uint8Array): Promise<Float32Array> => {
    if (rgb.length !== pixels.length)
      throw new Error(`expected ${pixels.length} bytes of RGB, got ${rgb.length}`);
    writePixels(rgb, scale, pixels);
    const results = await session.run({ [input]: { data: pixels, dims } }, [output]);
    return results[output]?.data as Float32Array;
  };
  return {
    width,
    height,
    fit,
    length,
    encode(rgb) {
      const next = turn.then(() => run(rgb));
      turn = next.catch(() => {});
      return next;
    },
    close: async () => {
      await turn;
      await session.close();
    },
  };
}

interface EncoderSignature {
  readonly input: string;
  readonly output: string;
  readonly width: number;
  readonly height: number;
  readonly length: number;
}

function checkSignature({ inputs, outputs }: Session, artifactPath: string): EncoderSignature {
  const [input, ...otherInputs] = inputs;
  const [output, ...otherOutputs] = outputs;
  const [batch, channels, height, width] = input?.shape ?? [];
  const [, length] = output?.shape ?? [];
  const fits =
    otherInputs.length === 0 &&
    otherOutputs.length === 0 &&
    input?.type === 'float32' &&
    input.shape.length === 4 &&
    output?.type === 'float32' &&
    output.shape.length === 2 &&
    (batch === null || batch === 1) &&
    channels === 3;
  if (fits && typeof height === 'number' && typeof width === 'number' && typeof length === 'number') {
    return { input: input.name, output: output.name, width, height, length };
  }
  const shown = (specs: Session['inputs']): string =>
    specs
      .map(({ name, type, shape }) => `${name} (${type} [${shape.map((size) => size ?? 'N').join(', ')}])`)
      .join(', ');
  throw new LarderError(
    'MODEL_SIGNATURE_MISMATCH',
    `${artifactPath}: a picture encoder has one input float32 [N, 3, H, W] and one output float32 [N, K] with fixed ` +
      `H, W and K; this file has inputs ${shown(inputs)} and outputs ${shown(outputs)}.`,
  );
}

function readPreprocessing(session: Session, artifactPath: string): z.output<typeof preprocessing> {
  try {
    return preprocessing.parse(JSON.parse(session.metadata['larder.picture'] ?? '{}'));
  } catch (cause) {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${artifactPath}: the metadata 'larder.picture' must be like {"fit":"fill","mean":[0,0,0],"std":[1,1,1]}.`,
      { cause },
    );
  }
}

async function checkGoldenPictures(encoder: PictureEncoder, artifactPath: string): Promise<void> {
  const { pictures, outputs, tolerance } = await readArtifactJson(
    join(artifactPath, 'golden.json'),
    goldenPictures,
  );
  const { width, height, fit } = encoder;
  for (const [index, { name, png }] of pictures.entries()) {
    const expected = outputs.embedding[index];
    if (expected?.length !== encoder.length) {
      throw new LarderError(
        'ARTIFACT_INVALID',
        `${artifactPath}: golden.json must hold ${encoder.length} floats for the picture '${name}'.`,
      );
    }
    const { rgb } = await decodePicture(Buffer.from(png, 'base64'), {
      shape: { width, height, fit },
      maxPixels: width * height,
    });
    const worst = worstDifference(await encoder.encode(rgb), expected, tolerance);
    if (worst === null) continue;
    throw new LarderError(
      'MODEL_GOLDEN_MISMATCH',
      `${artifactPath}: golden picture '${name}' has embedding[${worst.index}] = ${worst.expected}; here the encoder returns ` +
        `${worst.actual} (tolerance ${tolerance}). Write model.onnx and golden.json again, together.`,
    );
  }
}
