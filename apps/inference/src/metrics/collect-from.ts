import type { Meters } from '@larder/core/metrics';
import type { ReadyAnswer } from '@larder/contracts';
import type { Pressure } from '@larder/materialization/pressure';
import { poolStats, type OfflineStore, type PredictionLog } from '@larder/offline-store';
import type { RunCounts } from '@larder/model-runtime';
import type { FeatureReading } from '@larder/serving';

/** Values that other parts already count: read only when `/metrics` is requested. */
export interface MetricSources {
  /** The answer of `/health/ready`. */
  readiness(): Promise<ReadyAnswer>;
  /** Readings since the start, by view reference and status. */
  viewReadings(): Iterable<{ readonly view: string; readonly status: string; readonly count: number }>;
  /** Readings since the start, by feature, status and source. */
  featureReadings(): Iterable<FeatureReading>;
  /** Pools of connections to PostgreSQL, by name. */
  readonly databasePools: Readonly<Record<string, OfflineStore['pool']>>;
  readonly predictionLog: Pick<PredictionLog, 'stats' | 'drops' | 'bufferedBytes'>;
  /** The queues of models that run in pools of threads. */
  modelRuns(): readonly { readonly model: string; readonly counts: RunCounts }[];
  /** Applied definitions whose code this process lacks. */
  definitionsNotLoaded(): number;
  /** How much work waits for workers. Rejects, and soon, while PostgreSQL is away. */
  queuePressure(): Promise<Pressure>;
  /** Models with an alias that is not answered, or by another version than it points to. */
  modelsNotReady(): number;
  /** The version that answers for each alias; null: none. */
  aliases(): Iterable<{ readonly model: string; readonly alias: string; readonly version: number | null }>;
}

export function collectFrom(meters: Pick<Meters<'inference'>, 'collect'>, sources: MetricSources): void {
  const { readiness, predictionLog, modelRuns } = sources;
  meters.collect('larder_ready', async (report) =>
    report({}, (await readiness()).status === 'ready' ? 1 : 0),
  );
  meters.collect('larder_check_degraded', async (report) => {
    for (const { name, degraded } of (await readiness()).checks) report({ check: name }, degraded ? 1 : 0);
  });
  // Left out while PostgreSQL is away: a scaler that reads 0 would stop every worker.
  meters.collect('larder_queue_work_seconds', async (report) =>
    report({}, (await sources.queuePressure()).workSeconds),
  );
  meters.collect('larder_queue_oldest_age_seconds', async (report) =>
    report({}, (await sources.queuePressure()).oldestAgeSeconds),
  );
  meters.collect('larder_queue_slots', async (report) => report({}, (await sources.queuePressure()).slots));
  meters.collect('larder_definitions_not_loaded', (report) => report({}, sources.definitionsNotLoaded()));
  meters.collect('larder_models_not_ready', (report) => report({}, sources.modelsNotReady()));
  meters.collect('larder_alias_version', (report) => {
    for (const { model, alias, version } of sources.aliases()) report({ model, alias }, version ?? 0);
  });
  meters.collect('larder_view_readings_total', (report) => {
    for (const { view, status, count } of sources.viewReadings()) report({ view, status }, count);
  });
  meters.collect('larder_feature_readings_total', (report) => {
    for (const { count, ...labels } of sources.featureReadings()) report(labels, count);
  });
  meters.collect('larder_postgresql_connections', (report) => {
    for (const [pool, of] of Object.entries(sources.databasePools))
      for (const [state, count] of Object.entries(poolStats(of).connections)) report({ pool, state }, count);
  });
  meters.collect('larder_postgresql_connections_limit', (report) => {
    for (const [pool, of] of Object.entries(sources.databasePools)) report({ pool }, poolStats(of).limit);
  });
  meters.collect('larder_model_threads', (report) => {
    for (const { model, counts } of modelRuns()) {
      report({ model, state: 'busy' }, counts.busy);
      report({ model, state: 'idle' }, counts.threads - counts.busy);
    }
  });
  meters.collect('larder_model_runs_waiting', (report) => {
    for (const { model, counts } of modelRuns()) report({ model }, counts.waiting);
  });
  meters.collect('larder_model_runs_dropped_total', (report) => {
    for (const { model, counts } of modelRuns())
      for (const reason of ['refused', 'late', 'abandoned'] as const)
        report({ model, reason }, counts[reason]);
  });
  meters.collect('larder_prediction_log_total', (report) => {
    const { written, dropped } = predictionLog.stats();
    report({ outcome: 'written' }, written);
    report({ outcome: 'dropped' }, dropped);
  });
  meters.collect('larder_prediction_log_dropped_total', (report) => {
    for (const [reason, count] of Object.entries(predictionLog.drops())) report({ reason }, count);
  });
  meters.collect('larder_prediction_log_buffered', (report) => report({}, predictionLog.stats().buffered));
  meters.collect('larder_prediction_log_buffered_bytes', (report) =>
    report({}, predictionLog.bufferedBytes()),
  );
}
