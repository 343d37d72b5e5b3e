import type { Artifact, ComputeDescriptor } from '@larder/features';
import { pictureOptions, type PictureOptions } from './picture-options.ts';

export interface ImageFeaturesOptions extends PictureOptions {
  /** Folder with an encoder's `model.onnx` (float32 pixels [N, 3, H, W] → float32 [N, K]) and `golden.json`. */
  readonly encoder: Artifact;
}

/**
 * Pictures → `embedding` (vector, as long as the encoder's output), `brightness` (mean luma, 0 to 1) and
 * `colourfulness` (Hasler & Süsstrunk 2003, 0 to about 110). The view's schema declares the ones
 * that it wants. A bad picture fails its own row with a `PICTURE_…` code.
 */
export function imageFeatures(options: ImageFeaturesOptions): ComputeDescriptor {
  const resolved = pictureOptions(options, { concurrency: 8 });
  return {
    kind: 'image_features',
    // Limits are not part of the descriptor: they never change a value, so changing one needs no new version of the view.
    options: { column: resolved.column },
    artifacts: { encoder: options.encoder },
    load: async () => {
      const { createImageComputation } = await import('./image-computation.ts');
      return { createComputation: (context) => createImageComputation(context, resolved) };
    },
  };
}
