import { metric } from '../metric.ts';
import type { AlertRule } from '../rules.ts';

const FAILED = `${metric('larder_chunks_total')}{outcome="failed"}`;

export const WORKER_ALERTS: readonly AlertRule[] = [
  {
    alert: 'LarderNoWorker',
    expr: 'absent(up{job="larder-worker"} == 1)',
    for: '5m',
    severity: 'page',
    summary:
      'No worker answers: nothing is computed, and schedules are missed. Start one, and read the end of its log.',
  },
  {
    alert: 'LarderWorkerWedged',
    expr: `increase(${metric('larder_worker_wedges_total')}[15m]) > 0`,
    for: '1m',
    severity: 'ticket',
    summary:
      '{{ $labels.instance }} was stuck on the queue {{ $labels.queue }} and replaced its consumer. Check its Redis and the load of its host.',
  },
  {
    alert: 'LarderChunksFail',
    // A counter that appears with its first failure has no increase yet: hence the second half.
    expr: `increase(${FAILED}[15m]) > 0 or (${FAILED} unless ${FAILED} offset 15m) > 0`,
    for: '1m',
    severity: 'ticket',
    summary:
      'Chunks of {{ $labels.view }} failed for good. larder runs --view {{ $labels.view }} lists the runs; larder runs ID retry-failed tries them again.',
  },
];
