import { join } from 'node:path';
import type { ComputationContext, RowOf } from 'larderjs';
import { createSession, type Session } from 'larderjs/onnx';
import sharp from 'sharp';
import type { photos } from '../larder.config.ts';

const SIDE = 32;
type Photo = RowOf<typeof photos>;

/** Called once in each worker thread: the network stays loaded between batches. */
async function createComputation({ artifactPaths }: ComputationContext<'encoder'>) {
  const session = await createSession({ modelPath: join(artifactPaths.encoder, 'model.onnx') });
  return {
    compute: (rows: readonly Photo[]) => Promise.all(rows.map((row) => describe(session, row))),
    close: () => session.close(),
  };
}

async function describe(session: Session, { path }: Photo) {
  let data: Float32Array;
  try {
    data = await pixels(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { failure: { code: 'PICTURE_UNREADABLE', reason, retryable: false } };
  }
  // Outside of the try: names or sizes that do not fit are not the picture's fault.
  const { encoded } = await session.run({ pixels: { data, dims: [1, 3, SIDE, SIDE] } }, ['encoded']);
  return { values: { embedding: encoded.data } };
}

/** RGB from 0 to 1, colour by colour: what this network was trained on. */
async function pixels(path: string): Promise<Float32Array> {
  const rgb = await sharp(path).resize(SIDE, SIDE, { fit: 'fill' }).removeAlpha().raw().toBuffer();
  const area = SIDE * SIDE;
  return Float32Array.from(
    { length: 3 * area },
    (_, at) => (rgb[(at % area) * 3 + Math.floor(at / area)] ?? 0) / 255,
  );
}

export default { createComputation };
