import type { FieldManifest } from '@larder/features';

/** `statistics.json`: the baseline of a training set, from its training part. */
export interface TrainingSetStatistics {
  readonly format: 1;
  readonly training_set_id: string;
  /** `train`, or `all` where the set is not split. */
  readonly part: 'all' | 'train';
  readonly rows: number;
  readonly features: readonly FeatureStatistics[];
}

export interface FeatureStatistics {
  readonly name: string;
  readonly type: FieldManifest['type'];
  readonly count: number;
  readonly nulls: number;
  /** NaN and infinities: counted here alone. */
  readonly not_finite?: number;
  readonly mean?: number;
  readonly sd?: number;
  readonly min?: number;
  readonly max?: number;
  readonly quantiles?: Readonly<Record<string, number>>;
  readonly histogram?: { readonly edges: readonly number[]; readonly counts: readonly number[] };
  /** The most frequent values; bool, int64 and string alone. */
  readonly top?: readonly { readonly value: string; readonly count: number }[];
  readonly distinct?: number;
}
