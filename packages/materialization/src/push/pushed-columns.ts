import type { FeatureViewManifest, FieldManifest } from '@larder/features';

/** Members of a pushed row beside the join keys and its time: the features, or the columns that a computation reads. */
export function pushedColumns({
  compute,
  schema,
  source,
}: Pick<FeatureViewManifest, 'compute' | 'schema' | 'source'>): readonly FieldManifest[] {
  return compute === null ? schema : (source['schema'] as readonly FieldManifest[]);
}
