import type { CompiledPlan } from '../plan/compiled-plan.ts';
import type { ReadingCounts } from './reading-counts.ts';
import { PRESENT, STATUS_NAMES } from './view-statuses.ts';

/** How often a feature was read with one outcome. */
export interface FeatureReading {
  /** `ad_image@1:brightness`, `moment:hour_sin` */
  readonly feature: string;
  readonly status: (typeof STATUS_NAMES)[number] | 'NULL_VALUE';
  /** As in an answer with `features: true`. */
  readonly source: 'online' | 'on_demand' | 'default';
  readonly count: number;
}

/** Readings of each feature that a plan reads or computes: folded from the counts of its views, so that none is counted by itself. */
export function* featureReadings({ shown }: CompiledPlan, counts: ReadingCounts): Iterable<FeatureReading> {
  for (const [place, each] of shown.entries()) {
    const { ref: feature } = each;
    const nulls = counts.nulls[place] as number;
    if (each.kind === 'on_demand') {
      const source = each.feature.defaultValue === null ? 'on_demand' : 'default';
      yield { feature, status: 'PRESENT', source: 'on_demand', count: counts.onDemandRows - nulls };
      yield { feature, status: 'NULL_VALUE', source, count: nulls };
    } else if (each.kind === 'view') {
      const start = STATUS_NAMES.length * each.view;
      const source = each.defaultValue === null ? 'online' : 'default';
      for (const [code, status] of STATUS_NAMES.entries()) {
        const count = counts.statuses[start + code] as number;
        if (code === PRESENT) yield { feature, status, source: 'online', count: count - nulls };
        else yield { feature, status, source: 'default', count };
      }
      yield { feature, status: 'NULL_VALUE', source, count: nulls };
    }
  }
}
