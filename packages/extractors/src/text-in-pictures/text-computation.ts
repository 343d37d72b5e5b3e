import type { Computation, ComputationContext } from '@larder/features';
import { openPictureDecoder } from '../pictures/decoder/shared-decoder.ts';
import { createPictureFetcher } from '../pictures/picture-fetcher.ts';
import type { PictureOptions } from '../pictures/picture-options.ts';
import { createRememberedPictures } from '../pictures/remembered-pictures.ts';
import { textFeatures } from './text-features.ts';
import { loadTextReader } from './text-reader.ts';

/** Larger pictures are scaled down: 50 MB of pixels each at most, and no letters are lost. */
const MAX_SIDE = 4_096;

/**
 * Fetch → decode → read; `concurrency` pictures are fetched at a time, but only one is decoded in another process and
 * then read on this thread: while the networks run, nothing takes the pixels that the decoder sends, and it would time out.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH
 */
export async function createTextComputation(
  context: ComputationContext,
  options: Required<PictureOptions>,
): Promise<Computation> {
  const models = context.artifactPaths['models'];
  if (models === undefined) throw new Error("textInPictures got no path for its artifact 'models'");
  const reader = await loadTextReader(models);
  const decoder = openPictureDecoder();
  const { column, concurrency, maxPixels } = options;
  const fetcher = createPictureFetcher(context, options);
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const next = turn.then(work);
    turn = next.catch(() => {});
    return next;
  };
  const pictures = createRememberedPictures(fetcher, (bytes, signal) =>
    inTurn(async () => {
      signal.throwIfAborted();
      const picture = await decoder.decode(bytes, { shape: { maxSide: MAX_SIDE }, maxPixels }, signal);
      return textFeatures(await reader.read(picture), picture);
    }),
  );
  return {
    compute: (rows, signal, memory) => pictures.computeRows(rows, { column, concurrency, signal, memory }),
    async close() {
      fetcher.close();
      decoder.close();
      await turn;
      await reader.close();
    },
  };
}
