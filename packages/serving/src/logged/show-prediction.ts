import type { Manifest } from '@larder/features';
import type { LoggedPrediction, OfflineStore } from '@larder/offline-store';
import {
  milliseconds,
  predictionJson,
  type PredictionDetailJson,
  type ReadViewJson,
} from './prediction-json.ts';
import { readPointers, type PointedView } from './read-pointers.ts';
import { shownFeatures } from './shown-features.ts';

export interface ShownUnder {
  /** What the model version was made of, under the policies applied now; null: not on record. */
  readonly manifest: Manifest | null;
  /** Where the view of a prediction is found that was computed ahead. @default it is not looked for */
  readonly applied?: Manifest | null;
}

/**
 * One logged prediction with its features: scalars from the log, the rest from the history rows that it read.
 * One that was computed ahead has no features of its own.
 */
export async function showPrediction(
  store: Pick<OfflineStore, 'db' | 'pool'>,
  logged: LoggedPrediction,
  { manifest, applied = null }: ShownUnder,
): Promise<PredictionDetailJson> {
  const views =
    manifest === null
      ? logged.views.map((view) => ({ view, row: null, values: null, keyHidden: false }))
      : await readPointers(store, withView(manifest, applied, logged.precomputed), logged);
  const { featuresUs, onDemandUs, modelUs } = logged;
  return {
    ...predictionJson(logged),
    logged_at: logged.loggedAt.toISOString(),
    alias_move_id: logged.aliasMoveId,
    entity_keys: logged.entityKeys === null ? null : [...logged.entityKeys],
    request: { ...logged.request },
    raw_outputs: logged.rawOutputs === null ? null : { ...logged.rawOutputs },
    defaults_used: logged.defaultsUsed === null ? null : [...logged.defaultsUsed],
    timings_ms: {
      features: featuresUs === null ? null : milliseconds(featuresUs),
      on_demand: onDemandUs === null ? null : milliseconds(onDemandUs),
      model: modelUs === null ? null : milliseconds(modelUs),
      total: milliseconds(logged.latencyUs),
    },
    views: views.map(viewJson),
    features:
      manifest === null
        ? null
        : logged.precomputed === null
          ? shownFeatures({ manifest, logged, views })
          : [],
  };
}

function withView(manifest: Manifest, applied: Manifest | null, ref: string | null): Manifest {
  const view = ref === null ? undefined : applied?.feature_views[ref];
  if (ref === null || view === undefined) return manifest;
  return { ...manifest, feature_views: { ...manifest.feature_views, [ref]: view } };
}

function viewJson({ view, row }: PointedView): ReadViewJson {
  return {
    ref: view.ref,
    status: view.status,
    event_timestamp: instant(view.event_timestamp_ms),
    created_timestamp: instant(view.created_timestamp_ms),
    revision: view.revision,
    landed_at: instant(row?.landedAtMs ?? null),
    online_at: instant(row?.onlineAtMs ?? null),
    chunk_id: row?.chunkId ?? null,
    run_id: row?.runId ?? null,
  };
}

function instant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
