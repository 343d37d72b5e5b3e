import type { MaterializerObserver } from '@larder/materialization';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

export interface WorkerMetrics {
  readonly observer: MaterializerObserver;
  readonly contentType: string;
  /** Metrics as Prometheus text. */
  render(): Promise<string>;
}

export function createWorkerMetrics(): WorkerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const chunks = new Counter({
    name: 'larder_chunks_total',
    help: 'Attempts at chunks, by view and outcome.',
    labelNames: ['view', 'outcome'],
    registers: [registry],
  });
  const rows = new Counter({
    name: 'larder_rows_total',
    help: 'Rows landed, by view: done (in history), failed, skipped (input unchanged), restored (skipped, and written back to the online store).',
    labelNames: ['view', 'outcome'],
    registers: [registry],
  });
  const wedges = new Counter({
    name: 'larder_worker_wedges_total',
    help: 'How often a consumer was stuck although jobs waited and slots were free, by queue; it was replaced, or the process ended.',
    labelNames: ['queue'],
    registers: [registry],
  });
  wedges.inc({ queue: 'chunks' }, 0);
  const schedules = new Counter({
    name: 'larder_scheduled_runs_total',
    help: 'Schedules that were due, by view: queued, left out (the previous run had not ended), skipped (no worker ran in time).',
    labelNames: ['view', 'outcome'],
    registers: [registry],
  });
  return {
    observer: {
      scheduleTaken: (view, outcome) => schedules.inc({ view, outcome }),
      consumerWedged: (queue) => wedges.inc({ queue }),
      chunkEnded: (view, outcome) => chunks.inc({ view, outcome }),
      rowsLanded(view, counts) {
        for (const [outcome, count] of Object.entries(counts)) rows.inc({ view, outcome }, count);
      },
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}
