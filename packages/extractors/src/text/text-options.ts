/** Options of every computation over a source's texts. */
export interface TextOptions {
  /** Column of the source that holds the text. @default 'text' */
  readonly column?: string;
}

/** Longer texts are cut before they are tokenized: no network reads that far, and a hostile text costs no more. */
export const MAX_CHARACTERS = 20_000;
