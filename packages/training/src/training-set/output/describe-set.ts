import { LARDER_VERSION } from '@larder/core';
import { viewRef } from '@larder/features';
import { hashedSpine } from './set-columns.ts';
import type { HistoryLimits } from '../history-limits.ts';
import type { BuildContext } from '../run-build.ts';
import type { ChosenEngine } from '../join/choose-engine.ts';
import type { LoadedSpine } from '../spine/load-spine.ts';
import type { PlannedSplit } from '../split/plan-split.ts';
import type { TrainingSetManifest } from '../training-set-manifest.ts';
import type { CutOff, SpineSource } from '../training-set-request.ts';
import { countMissing } from './count-missing.ts';
import type { WrittenPart } from './write-parts.ts';

export interface MadeSet {
  readonly source: SpineSource;
  readonly spine: LoadedSpine;
  readonly split: PlannedSplit;
  readonly files: readonly WrittenPart[];
  readonly limits: HistoryLimits;
  readonly createdAt: Date;
  readonly spineHash: string;
  readonly contentHash: string;
  readonly timeColumn: string;
  readonly cutOff: CutOff;
  /** Of the set that was built again, by view reference. */
  readonly engine: ChosenEngine;
  readonly ttls: ReadonlyMap<string, number | 'forever'>;
}

/** The manifest of a set whose files are written. */
export async function describeSet(
  { deps, request, again, features, duckdb, trainingSetId }: BuildContext,
  made: MadeSet,
): Promise<TrainingSetManifest> {
  const { manifest } = deps.definitions;
  const { spine, split, limits } = made;
  return {
    format: 1,
    training_set_id: trainingSetId,
    again_of: again?.training_set_id ?? null,
    project: manifest.project,
    created_at: made.createdAt.toISOString(),
    larder_version: LARDER_VERSION,
    model: features.model,
    features: await countMissing(duckdb, features),
    views: features.groups.flatMap((group) =>
      group.views.map(({ view }) => ({
        ref: viewRef(view),
        fingerprint: view.fingerprint,
        ttl_ms: made.ttls.get(viewRef(view)) ?? view.ttl_ms,
      })),
    ),
    on_demand: features.onDemand.views.map(({ name }) => ({
      name,
      code: manifest.on_demand_feature_views[name]?.code_sha256 ?? '',
    })),
    cut_off: made.cutOff,
    history: { landed_before: limits.landedBefore.toISOString(), revision: limits.revision },
    spine: {
      source: sourceJson(made.source),
      time_column: made.timeColumn,
      sha256: made.spineHash,
      rows: spine.rows,
      columns: hashedSpine(spine).map(({ name, portableType: type }, i) => ({
        name,
        type,
        role: spine.columns[i]?.role ?? 'passed',
      })),
      from: spine.from.toISOString(),
      to: spine.to.toISOString(),
      utc_assumed: spine.utcAssumed,
    },
    split: split.statement,
    engine: { name: made.engine.name, asked: request.engine ?? 'auto', why: made.engine.why },
    files: [...made.files],
    content_sha256: made.contentHash,
  };
}

function sourceJson(source: SpineSource): TrainingSetManifest['spine']['source'] {
  if (source.kind !== 'predictions') return source;
  const { labelsAsOf, ...rest } = source;
  return { ...rest, labels_as_of: labelsAsOf };
}
