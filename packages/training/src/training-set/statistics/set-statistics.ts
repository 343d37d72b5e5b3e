import type { WrittenSet } from '../output/write-parts.ts';
import type { BuildContext } from '../run-build.ts';
import type { FeatureStatistics, TrainingSetStatistics } from '../training-set-statistics.ts';
import { featureStatistics } from './feature-statistics.ts';

/** Statistics of every feature over the training part, or all rows where there are no parts. */
export async function setStatistics(
  {
    duckdb,
    features,
    trainingSetId,
    onProgress,
  }: Pick<BuildContext, 'duckdb' | 'features' | 'trainingSetId' | 'onProgress'>,
  { files, relations }: WrittenSet,
): Promise<TrainingSetStatistics> {
  const [first] = files;
  const [relation] = relations;
  if (first === undefined || relation === undefined) throw new Error('A set has at least one file.');
  const statistics: FeatureStatistics[] = [];
  for (const [i, column] of features.columns.entries()) {
    onProgress({ stage: 'statistics', done: i, total: features.columns.length });
    statistics.push(await featureStatistics(duckdb, relation, column));
  }
  return {
    format: 1,
    training_set_id: trainingSetId,
    part: first.part === 'all' ? 'all' : 'train',
    rows: first.rows,
    features: statistics,
  };
}
