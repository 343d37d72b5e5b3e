import type { FeatureColumns } from './feature-columns.ts';

/** Rows of the model's tensor with their outcome; those of one ad are consecutive. */
export interface ModelRows {
  readonly columns: readonly FeatureColumns[];
  readonly count: number;
  readonly clicked: Uint8Array;
  /** 1 for the first row of each ad. */
  readonly startsAd: Uint8Array;
  /** True for impressions of ads that had none before. */
  readonly ofNewAd: Uint8Array;
  /** The tensor row of one impression. */
  row(index: number): Float32Array;
}
