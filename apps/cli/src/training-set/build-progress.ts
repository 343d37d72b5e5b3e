import type { BuildProgress } from '@larder/training';
import type { Output } from '../output/output.ts';
import { stageProgress, type StageNames, type StageProgress } from '../output/stage-progress.ts';

const STAGES: StageNames<BuildProgress['stage']> = {
  spine: 'reading the rows',
  join: 'joining',
  on_demand: 'on-demand features',
  write: 'writing',
  statistics: 'statistics',
};

/** The statistics count columns: they have no speed in rows. */
export function buildProgress(out: Output): StageProgress<BuildProgress['stage']> {
  return stageProgress(out, STAGES, ['statistics']);
}
