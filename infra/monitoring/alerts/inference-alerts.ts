import { metric } from '../metric.ts';
import type { AlertRule } from '../rules.ts';

/**
 * /health/ready stays 200 through all of them but the first: a balancer cannot fix what is broken for every process at
 * once, a person can.
 */
export const INFERENCE_ALERTS: readonly AlertRule[] = [
  {
    alert: 'LarderNotReady',
    expr: `${metric('larder_ready')} == 0`,
    for: '5m',
    severity: 'page',
    summary: '{{ $labels.instance }} has loaded nothing yet. Read the checks of its /health/ready.',
  },
  {
    alert: 'LarderRedisDegraded',
    expr: `${metric('larder_check_degraded')}{check="redis"} == 1`,
    for: '1m',
    severity: 'page',
    summary:
      '{{ $labels.instance }} cannot reach Redis, or Redis would evict features: models answer from defaults or with 503.',
  },
  {
    alert: 'LarderPostgresqlDegraded',
    expr: `${metric('larder_check_degraded')}{check="postgresql"} == 1`,
    for: '2m',
    severity: 'page',
    summary: '{{ $labels.instance }} cannot reach PostgreSQL: predictions continue, runs and pushes do not.',
  },
  {
    alert: 'LarderKeysOffline',
    expr: `${metric('larder_api_keys_age_seconds')} > 60`,
    for: '2m',
    severity: 'page',
    summary:
      '{{ $labels.instance }} has not read the API keys for {{ $value | humanizeDuration }}: keys are not revoked there, and after LARDER_AUTH_OFFLINE (1 h) none is accepted. Check PostgreSQL and its number of connections.',
  },
  {
    alert: 'LarderModelNotReady',
    expr: `${metric('larder_models_not_ready')} > 0`,
    for: '5m',
    severity: 'page',
    summary:
      '{{ $labels.instance }} does not answer for every alias with the version that it points to. Read the checks of its /health/ready, then its log.',
  },
  {
    alert: 'LarderModelOverloaded',
    expr: `rate(${metric('larder_model_runs_dropped_total')}{reason="refused"}[5m]) > 1`,
    for: '5m',
    severity: 'page',
    summary:
      '{{ $labels.instance }} refuses requests for {{ $labels.model }}: they arrive faster than it can answer. Add processes or cores, or make the model faster.',
  },
  {
    alert: 'LarderRowsUnreadable',
    expr: `increase(${metric('larder_view_readings_total')}{status="UNREADABLE"}[5m]) > 0`,
    for: '5m',
    severity: 'ticket',
    summary:
      '{{ $labels.instance }} finds rows of {{ $labels.view }} that it cannot read and answers without them. larder inspect distinguishes damaged rows from those of newer code; backfill damaged ones with --force.',
  },
  {
    alert: 'LarderPredictionLogDrops',
    expr: `increase(${metric('larder_prediction_log_dropped_total')}[5m]) > 0`,
    for: '1m',
    severity: 'ticket',
    summary:
      '{{ $labels.instance }} drops entries of the prediction log ({{ $labels.reason }}). Check PostgreSQL.',
  },
  {
    alert: 'LarderEventLoopLate',
    expr: `${metric('nodejs_eventloop_lag_p99_seconds')}{job!="larder-worker"} > 0.1`,
    for: '5m',
    severity: 'ticket',
    summary:
      'The event loop of {{ $labels.instance }} lags by more than the usual deadline. Add processes, or find what blocks it.',
  },
];
