import { metric } from '../metric.ts';
import type { AlertRule } from '../rules.ts';

const ARCHIVED = metric('larder_backup_archived_timestamp_seconds');

/** On what PostgreSQL knows, which every inference process exports alike. */
export const DATABASE_ALERTS: readonly AlertRule[] = [
  {
    alert: 'LarderViewStale',
    expr: `max by (view) (${metric('larder_view_stale')}) == 1`,
    for: '5m',
    severity: 'ticket',
    summary:
      '{{ $labels.view }} is older than its freshness objective. larder status says which run is late, held or failed.',
  },
  {
    alert: 'LarderProblem',
    expr: `max by (kind) (${metric('larder_problems')}{severity="act",kind!~"view_stale|worker_absent"}) > 0`,
    for: '5m',
    severity: 'ticket',
    summary: '{{ $value }} × {{ $labels.kind }}. larder status lists each with the next command.',
  },
  {
    alert: 'LarderQueueOld',
    expr: `max(${metric('larder_queue_oldest_age_seconds')}) > 1800`,
    for: '5m',
    severity: 'ticket',
    summary:
      'A chunk has waited for a worker for {{ $value | humanizeDuration }}. larder ps shows the workers; larder runs what is open.',
  },
  {
    alert: 'LarderBackupOld',
    expr: `time() - max(${ARCHIVED}) > 3600`,
    for: '5m',
    severity: 'ticket',
    summary:
      'PostgreSQL has archived nothing for {{ $value | humanizeDuration }}: what was written since cannot be recovered.',
  },
  {
    alert: 'LarderConnectionsWaiting',
    expr: `min_over_time(${metric('larder_postgresql_connections')}{state="waiting"}[2m]) > 0`,
    for: '3m',
    severity: 'ticket',
    summary:
      '{{ $labels.instance }} waits for connections of its pool {{ $labels.pool }}: PostgreSQL is slow, or too much is asked of this process.',
  },
  {
    alert: 'LarderMetricsIncomplete',
    expr: `increase(${metric('larder_metrics_incomplete_total')}[10m]) > 2`,
    for: '5m',
    severity: 'ticket',
    summary:
      '{{ $labels.instance }} leaves {{ $labels.metric }} out of its metrics ({{ $labels.reason }}): alerts on it are blind. Check PostgreSQL.',
  },
];
