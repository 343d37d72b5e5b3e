/** Options of every computation over a source's pictures. */
export interface PictureOptions {
  /** Column of the source that holds the picture's address. @default 'image_url' */
  readonly column?: string;
  /** Pictures in flight at the same time in one thread. @default 8 for `imageFeatures`, 3 for `textInPictures` */
  readonly concurrency?: number;
  /** @default 25_000_000 */
  readonly maxPixels?: number;
  /** Size limit of the file. @default 20 MiB */
  readonly maxBytes?: number;
  /** Time limit for fetching one picture. @default 10_000 */
  readonly timeoutMs?: number;
}

/** The options with every default filled in. */
export function pictureOptions(
  options: PictureOptions,
  defaults: Pick<Required<PictureOptions>, 'concurrency'>,
): Required<PictureOptions> {
  return {
    column: options.column ?? 'image_url',
    concurrency: options.concurrency ?? defaults.concurrency,
    maxPixels: options.maxPixels ?? 25_000_000,
    maxBytes: options.maxBytes ?? 20 * 1024 * 1024,
    timeoutMs: options.timeoutMs ?? 10_000,
  };
}
