import type { Computation, ComputationContext } from '@larder/features';
import { openPictureDecoder } from './decoder/shared-decoder.ts';
import { loadPictureEncoder } from './picture-encoder.ts';
import { createPictureFetcher } from './picture-fetcher.ts';
import { pictureStatistics } from './picture-pixels.ts';
import type { PictureOptions } from './picture-options.ts';
import { createRememberedPictures } from './remembered-pictures.ts';

/**
 * Fetch → decode → encode for `concurrency` pictures at a time: while one is encoded on this thread, others are
 * fetched here and decoded in another process.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export async function createImageComputation(
  context: ComputationContext,
  options: Required<PictureOptions>,
): Promise<Computation> {
  const encoderPath = context.artifactPaths['encoder'];
  if (encoderPath === undefined) throw new Error("imageFeatures got no path for its artifact 'encoder'");
  const encoder = await loadPictureEncoder(encoderPath);
  const decoder = openPictureDecoder();
  const { column, concurrency, maxPixels } = options;
  const { width, height, fit } = encoder;
  const fetcher = createPictureFetcher(context, options);
  const pictures = createRememberedPictures(fetcher, async (bytes, signal) => {
    const { rgb } = await decoder.decode(bytes, { shape: { width, height, fit }, maxPixels }, signal);
    signal.throwIfAborted();
    return { embedding: await encoder.encode(rgb), ...pictureStatistics(rgb) };
  });
  return {
    compute: (rows, signal, memory) => pictures.computeRows(rows, { column, concurrency, signal, memory }),
    async close() {
      fetcher.close();
      decoder.close();
      await encoder.close();
    },
  };
}
