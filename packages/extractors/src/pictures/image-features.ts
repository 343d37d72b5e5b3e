import type { Artifact, ComputeDescriptor } from '@larder/features';

export interface ImageFeaturesOptions {
  /** Folder with an encoder's `model.onnx` (float32 pixels [N, 3, H, W] → float32 [N, K]) and `golden.json`. */
  readonly encoder: Artifact;
  /** Column of the source that holds the picture's address. @default 'image_url' */
  readonly column?: string;
  /** Pictures under way at the same time in one thread. @default 8 */
  readonly concurrency?: number;
  /** @default 25_000_000 */
  readonly maxPixels?: number;
  /** Of the file. @default 20 MiB */
  readonly maxBytes?: number;
  /** For fetching one picture. @default 10_000 */
  readonly timeoutMs?: number;
}

/**
 * Pictures → `embedding` (vector, as long as the encoder's output), `brightness` (mean luma, 0 to 1) and
 * `colourfulness` (Hasler & Süsstrunk 2003, 0 to about 110). The view's schema declares those
 * that it wants. A bad picture fails its own row with a `PICTURE_…` code.
 */
export function imageFeatures(options: ImageFeaturesOptions): ComputeDescriptor {
  const { encoder, column = 'image_url' } = options;
  const limits = {
    concurrency: options.concurrency ?? 8,
    maxPixels: options.maxPixels ?? 25_000_000,
    maxBytes: options.maxBytes ?? 20 * 1024 * 1024,
    timeoutMs: options.timeoutMs ?? 10_000,
  };
  return {
    kind: 'image_features',
    // Limits stay out: they never change a value, so changing one needs no new version of the view.
    options: { column },
    artifacts: { encoder },
    load: async () => {
      const { createImageComputation } = await import('./image-computation.ts');
      return { createComputation: (context) => createImageComputation(context, { column, ...limits }) };
    },
  };
}
