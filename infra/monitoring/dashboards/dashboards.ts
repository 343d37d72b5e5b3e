import { METRICS, type MetricDefinition } from '@larder/core/metrics';
import { metric as m } from '../metric.ts';
import { ratioOf } from '../slo/burn-rate-rules.ts';
import { SLOS, type Slo } from '../slo/slos.ts';
import type { Dashboard, Panel } from './dashboard.ts';

const STAGES = `sum by (model, stage) (rate(${m('larder_predict_seconds_sum')}[5m])) / sum by (model, stage) (rate(${m('larder_predict_seconds_count')}[5m]))`;
const p99 = (histogram: string, by: string) =>
  `histogram_quantile(0.99, sum by (le, ${by}) (rate(${histogram}[5m])))`;

const ON_CALL: Dashboard = {
  uid: 'larder-on-call',
  title: 'Larder / On call',
  rows: {
    Objectives: SLOS.map(objectivePanel),
    'What needs a person': [
      {
        title: 'Problems, as larder status lists them',
        queries: { '{{kind}} {{severity}}': `max by (kind, severity) (${m('larder_problems')})` },
        emptyWhen: 'there are none',
      },
      {
        title: 'Stale views',
        queries: { '{{view}}': `max by (view) (${m('larder_view_stale')})` },
        emptyWhen: 'no view declares an objective',
      },
      { title: 'Degraded checks', queries: { '{{instance}} {{check}}': m('larder_check_degraded') } },
    ],
    Queues: [
      { title: 'Work that waits', unit: 's', queries: { work: `max(${m('larder_queue_work_seconds')})` } },
      {
        title: 'Oldest waiting chunk',
        unit: 's',
        queries: { age: `max(${m('larder_queue_oldest_age_seconds')})` },
      },
      {
        title: 'Entries waiting for the prediction log',
        queries: { '{{instance}}': m('larder_prediction_log_buffered') },
      },
    ],
  },
};

const SERVING: Dashboard = {
  uid: 'larder-serving',
  title: 'Larder / Serving',
  rows: {
    Requests: [
      {
        title: 'Requests by route and status',
        unit: 'reqps',
        queries: {
          '{{route}} {{status}}': `sum by (route, status) (rate(${m('larder_http_requests_total')}[5m]))`,
        },
      },
      {
        title: 'Predict: 99 % are faster than',
        unit: 's',
        queries: {
          '{{model}} {{route}}': p99(`${m('larder_predict_seconds_bucket')}{stage="total"}`, 'model, route'),
        },
      },
      { title: 'Predict: mean time by stage', unit: 's', queries: { '{{model}} {{stage}}': STAGES } },
      {
        title: 'Rows by version',
        queries: {
          '{{model}}@{{version}}': `sum by (model, version) (rate(${m('larder_predict_rows_total')}[5m]))`,
        },
      },
      {
        title: 'Other routes: 99 % are faster than',
        unit: 's',
        queries: { '{{route}}': p99(m('larder_http_request_seconds_bucket'), 'route') },
      },
      {
        title: 'Version in force',
        queries: { '{{model}} {{alias}}': `max by (model, alias) (${m('larder_alias_version')})` },
      },
    ],
    Features: [
      {
        title: 'Readings of views by status',
        queries: {
          '{{view}} {{status}}': `sum by (view, status) (rate(${m('larder_view_readings_total')}[5m]))`,
        },
      },
      {
        title: 'Features that used a default',
        queries: {
          '{{feature}} {{status}}': `sum by (feature, status) (rate(${m('larder_feature_readings_total')}{source="default"}[5m]))`,
        },
        emptyWhen: 'every value was stored',
      },
      {
        title: 'Median age of rows',
        unit: 's',
        queries: {
          '{{view}}': `histogram_quantile(0.5, sum by (le, view) (rate(${m('larder_view_age_seconds_bucket')}[5m])))`,
        },
      },
    ],
    'Threads of models': [
      {
        title: 'Runs waiting',
        queries: { '{{model}}': `sum by (model) (${m('larder_model_runs_waiting')})` },
      },
      {
        title: 'Threads',
        queries: { '{{model}} {{state}}': `sum by (model, state) (${m('larder_model_threads')})` },
      },
      {
        title: 'Runs without an answer',
        queries: {
          '{{model}} {{reason}}': `sum by (model, reason) (rate(${m('larder_model_runs_dropped_total')}[5m]))`,
        },
      },
    ],
  },
};

const PRECOMPUTE: Dashboard = {
  uid: 'larder-precompute',
  title: 'Larder / Precompute',
  rows: {
    Views: [
      {
        title: 'Time since it was current',
        unit: 's',
        queries: { '{{view}}': `time() - max by (view) (${m('larder_view_as_of_timestamp_seconds')})` },
      },
      {
        title: 'Coverage',
        unit: 'percentunit',
        queries: { '{{view}}': `max by (view) (${m('larder_view_coverage_ratio')})` },
      },
      {
        title: 'Rows online',
        queries: { '{{view}}': `max by (view) (${m('larder_view_rows_online')})` },
      },
    ],
    Work: [
      {
        title: 'Rows that landed',
        queries: { '{{view}} {{outcome}}': `sum by (view, outcome) (rate(${m('larder_rows_total')}[5m]))` },
      },
      {
        title: 'Chunks by outcome',
        queries: { '{{view}} {{outcome}}': `sum by (view, outcome) (rate(${m('larder_chunks_total')}[5m]))` },
      },
      {
        title: 'Chunk slots',
        queries: { '{{lane}} {{state}}': `sum by (lane, state) (${m('larder_chunk_slots')})` },
      },
      {
        title: 'Schedules that were due',
        queries: {
          '{{view}} {{outcome}}': `sum by (view, outcome) (increase(${m('larder_scheduled_runs_total')}[1h]))`,
        },
      },
    ],
  },
};

const PROCESSES: Dashboard = {
  uid: 'larder-processes',
  title: 'Larder / Stores and processes',
  rows: {
    Stores: [
      {
        title: 'Connections to PostgreSQL',
        queries: {
          '{{instance}} {{pool}} {{state}}': m('larder_postgresql_connections'),
        },
      },
      {
        title: 'Prediction log',
        queries: {
          '{{outcome}}': `sum by (outcome) (rate(${m('larder_prediction_log_total')}[5m]))`,
        },
      },
      {
        title: 'Time since the last archived segment',
        unit: 's',
        queries: { age: `time() - max(${m('larder_backup_archived_timestamp_seconds')})` },
        emptyWhen: 'PostgreSQL archives nothing',
      },
    ],
    Processes: [
      {
        title: 'CPU',
        unit: 'percentunit',
        queries: { '{{instance}}': `rate(${m('process_cpu_seconds_total')}[5m])` },
      },
      {
        title: 'Resident memory',
        unit: 'bytes',
        queries: { '{{instance}}': m('process_resident_memory_bytes') },
      },
      {
        title: 'Lag of the event loop (99 %)',
        unit: 's',
        queries: { '{{instance}}': m('nodejs_eventloop_lag_p99_seconds') },
      },
    ],
  },
};

function objectivePanel(slo: Slo): Panel {
  const panel: Panel = {
    title: `${slo.name}: share of bad events, at most ${Number((1 - slo.objective).toPrecision(3))}`,
    unit: 'percentunit',
    queries: { [slo.by.map((label) => `{{${label}}}`).join(' ')]: ratioOf(slo, '5m') },
  };
  return slo.by.includes('view') ? { ...panel, emptyWhen: 'no view had such events' } : panel;
}

/** Every dashboard; what none of them shows has a panel of its own on the last. */
export function dashboards(): readonly Dashboard[] {
  const all = [ON_CALL, SERVING, PRECOMPUTE, PROCESSES];
  const shown = JSON.stringify(all);
  const rest = Object.entries<MetricDefinition>(METRICS).filter(([name]) => !shown.includes(name));
  return all.map((board) =>
    board === PROCESSES
      ? Object.assign({}, board, {
          rows: Object.assign({}, board.rows, { 'Everything else': rest.map(ownPanel) }),
        })
      : board,
  );
}

function ownPanel([name, { type, labels }]: readonly [string, MetricDefinition]): Panel {
  const legend = ['instance', ...Object.keys(labels)].map((label) => `{{${label}}}`).join(' ');
  const query = { gauge: name, counter: `rate(${name}[5m])`, histogram: `rate(${name}_sum[5m])` }[type];
  return { title: name, queries: { [legend]: query }, emptyWhen: 'it did not occur' };
}
