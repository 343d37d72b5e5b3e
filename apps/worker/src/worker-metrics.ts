import { createMeters, type Meters } from '@larder/core/metrics';
import type { MaterializerObserver } from '@larder/materialization';

export interface WorkerMetrics extends Pick<Meters<'worker'>, 'render' | 'contentType'> {
  readonly observer: MaterializerObserver;
}

export function createWorkerMetrics(): WorkerMetrics {
  const { counter, contentType, render } = createMeters('worker');
  const chunks = counter('larder_chunks_total');
  const rows = counter('larder_rows_total');
  const wedges = counter('larder_worker_wedges_total');
  const schedules = counter('larder_scheduled_runs_total');
  wedges({ queue: 'chunks' });
  return {
    observer: {
      scheduleTaken: (view, outcome) => void (schedules({ view, outcome }).value += 1),
      consumerWedged: (queue) => void (wedges({ queue }).value += 1),
      chunkEnded: (view, outcome) => void (chunks({ view, outcome }).value += 1),
      rowsLanded(view, counts) {
        for (const [outcome, count] of Object.entries(counts)) rows({ view, outcome }).value += count;
      },
    },
    contentType,
    render,
  };
}
