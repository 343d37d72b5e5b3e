import { createMeters, type Meters } from '@larder/core/metrics';
import type { MaterializerObserver, SlotsInUse } from '@larder/materialization';
import { poolStats, type OfflineStore } from '@larder/offline-store';

export interface WorkerMetrics extends Pick<Meters<'worker'>, 'render' | 'contentType'> {
  readonly observer: MaterializerObserver;
  /** Counts of these view versions begin at 0, so that the first event is an increase. */
  expect(viewRefs: Iterable<string>): void;
  /** What is read once its part has started. */
  follow(sources: Partial<WorkerSources>): void;
}

interface WorkerSources {
  readonly pool: OfflineStore['pool'];
  readonly slots: () => SlotsInUse;
  /** How long ago the API keys were read; null: nobody needs one. */
  readonly keysAgeMs: () => number | null;
}

export function createWorkerMetrics(): WorkerMetrics {
  const { counter, collect, contentType, render } = createMeters('worker');
  const chunks = counter('larder_chunks_total');
  const rows = counter('larder_rows_total');
  const wedges = counter('larder_worker_wedges_total');
  const schedules = counter('larder_scheduled_runs_total');
  wedges({ queue: 'chunks' });
  let sources: Partial<WorkerSources> = {};
  collect('larder_postgresql_connections', (report) => {
    if (sources.pool === undefined) return;
    const { connections } = poolStats(sources.pool);
    for (const [state, count] of Object.entries(connections)) report({ pool: 'main', state }, count);
  });
  collect('larder_postgresql_connections_limit', (report) => {
    if (sources.pool !== undefined) report({ pool: 'main' }, poolStats(sources.pool).limit);
  });
  collect('larder_api_keys_age_seconds', (report) => {
    const ageMs = sources.keysAgeMs?.() ?? null;
    if (ageMs !== null) report({}, ageMs / 1_000);
  });
  collect('larder_chunk_slots', (report) => {
    const slots = sources.slots?.();
    if (slots === undefined) return;
    for (const [lane, { busy, limit }] of Object.entries(slots)) {
      report({ lane, state: 'busy' }, busy);
      report({ lane, state: 'idle' }, limit - busy);
    }
  });
  return {
    observer: {
      scheduleTaken: (view, outcome) => void (schedules({ view, outcome }).value += 1),
      consumerWedged: (queue) => void (wedges({ queue }).value += 1),
      chunkEnded: (view, outcome) => void (chunks({ view, outcome }).value += 1),
      rowsLanded(view, counts) {
        for (const [outcome, count] of Object.entries(counts)) rows({ view, outcome }).value += count;
      },
    },
    expect(viewRefs) {
      for (const view of viewRefs) {
        for (const outcome of ['done', 'failed', 'retried']) chunks({ view, outcome });
        for (const outcome of ['done', 'failed', 'skipped']) rows({ view, outcome });
        for (const outcome of ['queued', 'left_out', 'skipped']) schedules({ view, outcome });
      }
    },
    follow: (more) => void (sources = { ...sources, ...more }),
    contentType,
    render,
  };
}
