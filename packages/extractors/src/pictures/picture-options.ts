/** What every computation over pictures of a source takes. */
export interface PictureOptions {
  /** Column of the source that holds the picture's address. @default 'image_url' */
  readonly column?: string;
  /** Pictures under way at the same time in one thread. @default 8 for `imageFeatures`, 3 for `textInPictures` */
  readonly concurrency?: number;
  /** @default 25_000_000 */
  readonly maxPixels?: number;
  /** Of the file. @default 20 MiB */
  readonly maxBytes?: number;
  /** For fetching one picture. @default 10_000 */
  readonly timeoutMs?: number;
}

/** With every default in its place. */
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
