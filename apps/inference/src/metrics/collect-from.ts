import type { ReadyAnswer } from '@larder/contracts';
import type { PredictionLog } from '@larder/offline-store';
import type { RunCounts } from '@larder/model-runtime';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Values that other parts already count: read only when `/metrics` is requested. */
export interface MetricSources {
  /** The answer of `/health/ready`. */
  readiness(): Promise<ReadyAnswer>;
  /** Readings since the start, by view reference and status. */
  viewReadings(): Iterable<{ readonly view: string; readonly status: string; readonly count: number }>;
  readonly predictionLog: Pick<PredictionLog, 'stats' | 'drops' | 'bufferedBytes'>;
  /** The queues of models that run in pools of threads. */
  modelRuns(): readonly { readonly model: string; readonly counts: RunCounts }[];
  /** Applied definitions whose code this process lacks. */
  definitionsNotLoaded(): number;
  /** Models with an alias that is not answered, or by another version than it points to. */
  modelsNotReady(): number;
  /** The version that answers for each alias; null: none. */
  aliases(): Iterable<{ readonly model: string; readonly alias: string; readonly version: number | null }>;
}

/** Registers the metrics that are read from their sources. */
export function collectFrom(registry: Registry, sources: MetricSources): void {
  collectReadiness(registry, sources);
  collectRuns(registry, sources);
  collectAliases(registry, sources);
  registry.registerMetric(
    new Counter({
      name: 'larder_view_readings_total',
      help: 'Readings of feature views for predictions, by view version and status.',
      labelNames: ['view', 'status'],
      registers: [],
      collect() {
        this.reset();
        for (const { view, status, count } of sources.viewReadings()) this.inc({ view, status }, count);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'larder_prediction_log_total',
      help: 'Prediction log entries by outcome: written or dropped.',
      labelNames: ['outcome'],
      registers: [],
      collect() {
        this.reset();
        const { written, dropped } = sources.predictionLog.stats();
        this.inc({ outcome: 'written' }, written);
        this.inc({ outcome: 'dropped' }, dropped);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'larder_prediction_log_dropped_total',
      help: 'Prediction log entries dropped, by reason: the buffer had too many records or bytes, PostgreSQL refused the entry, it names an erased entity, or the service stopped before it was written.',
      labelNames: ['reason'],
      registers: [],
      collect() {
        this.reset();
        for (const [reason, count] of Object.entries(sources.predictionLog.drops()))
          this.inc({ reason }, count);
      },
    }),
  );
  for (const { name, help, read } of gauges(sources))
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      }),
    );
}

function collectReadiness(registry: Registry, { readiness }: MetricSources): void {
  registry.registerMetric(
    new Gauge({
      name: 'larder_ready',
      help: '1 when /health/ready answers 200: this process can answer something and is not closing.',
      registers: [],
      async collect() {
        this.set((await readiness()).status === 'ready' ? 1 : 0);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'larder_check_degraded',
      help: '1 when a check of /health/ready is degraded: a store is down, or a model or definition is not loaded.',
      labelNames: ['check'],
      registers: [],
      async collect() {
        const { checks } = await readiness();
        this.reset();
        for (const { name, degraded } of checks) this.set({ check: name }, degraded ? 1 : 0);
      },
    }),
  );
}

function collectAliases(registry: Registry, { aliases }: MetricSources): void {
  registry.registerMetric(
    new Gauge({
      name: 'larder_alias_version',
      help: 'Number of the model version that answers for an alias in this process; 0: none.',
      labelNames: ['model', 'alias'],
      registers: [],
      collect() {
        this.reset();
        for (const { model, alias, version } of aliases()) this.set({ model, alias }, version ?? 0);
      },
    }),
  );
}

function collectRuns(registry: Registry, { modelRuns }: MetricSources): void {
  registry.registerMetric(
    new Gauge({
      name: 'larder_model_runs_waiting',
      help: 'Runs waiting for a thread of their model.',
      labelNames: ['model'],
      registers: [],
      collect() {
        this.reset();
        for (const { model, counts } of modelRuns()) this.set({ model }, counts.waiting);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'larder_model_runs_dropped_total',
      help: 'Runs without an answer: refused at once, late (ended by the deadline) or abandoned by the caller.',
      labelNames: ['model', 'reason'],
      registers: [],
      collect() {
        this.reset();
        for (const { model, counts } of modelRuns())
          for (const reason of ['refused', 'late', 'abandoned'] as const)
            this.inc({ model, reason }, counts[reason]);
      },
    }),
  );
}

function gauges(sources: MetricSources) {
  return [
    {
      name: 'larder_prediction_log_buffered',
      help: 'Prediction log entries waiting for PostgreSQL.',
      read: () => sources.predictionLog.stats().buffered,
    },
    {
      name: 'larder_prediction_log_buffered_bytes',
      help: 'Approximate size as JSON, in bytes, of the prediction log entries waiting for PostgreSQL.',
      read: () => sources.predictionLog.bufferedBytes(),
    },
    {
      name: 'larder_definitions_not_loaded',
      help: 'Applied definitions that this process lacks or has in a different form. Predictions do not need them.',
      read: () => sources.definitionsNotLoaded(),
    },
    {
      name: 'larder_models_not_ready',
      help: 'Models with an alias that no version answers for, or another than it points to; /health/ready says why.',
      read: () => sources.modelsNotReady(),
    },
  ];
}
