import type { MetricDefinition, MetricProcess } from './metric-definition.ts';

const LATENCY_BUCKETS_SECONDS = [
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
] as const;

/** From 10 s to 90 days. */
const AGE_BUCKETS_SECONDS = [
  10, 60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000, 7_776_000,
] as const;

const ROUTE = 'the pattern, `/v1/runs/{id}`; `none` if there is no such route';
const VIEW = 'reference of the view version, `ad_image@1`';

/**
 * Every metric that a process of Larder exports, by its stable name. The code creates its metrics from this table, and
 * docs/reference/metrics.md, the alert rules and the dashboards are written from it (`npm run monitoring`). A name ends in
 * its unit or in `_total`; values of labels come from definitions, routes or fixed lists, never from callers.
 */
export const METRICS = {
  larder_http_requests_total: {
    type: 'counter',
    unit: 'requests',
    by: ['inference'],
    help: 'HTTP requests answered, by route pattern, method and status.',
    labels: {
      route: ROUTE,
      method: 'of HTTP',
      status: 'of HTTP; 499 if the caller left before the answer',
    },
  },
  larder_http_request_seconds: {
    type: 'histogram',
    unit: 'seconds',
    by: ['inference'],
    help: 'Time from the headers of a request to the end of its answer, of every route but predict and predict-batch.',
    labels: { route: ROUTE, method: 'of HTTP' },
    buckets: [0.001, 0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 120],
  },
  larder_predict_seconds: {
    type: 'histogram',
    unit: 'seconds',
    by: ['inference'],
    help: 'Time of an answered predict or predict-batch request by stage.',
    labels: {
      model: 'name',
      route: '`/v1/models/{model}/predict`, `/v1/models/{model}/predict-batch`',
      stage:
        '`features` (read and decode), `on_demand`, `queue` (waiting for a thread of the model), `model` (with post-processing), `total`',
    },
    buckets: LATENCY_BUCKETS_SECONDS,
  },
  larder_predict_rows_total: {
    type: 'counter',
    unit: 'rows',
    by: ['inference'],
    help: 'Rows in predict and predict-batch requests that were answered, by the version that answered.',
    labels: { model: 'name', version: 'number' },
  },
  larder_precomputed_rows_total: {
    type: 'counter',
    unit: 'rows',
    by: ['inference'],
    help: 'Rows of requests with a mode other than live, by what answered and why no prediction was used.',
    labels: {
      model: 'name',
      version: 'number',
      answer: '`precomputed`, `live` or `refused`',
      reason: 'why no precomputed prediction was used: a status; empty if one was',
    },
  },
  larder_view_readings_total: {
    type: 'counter',
    unit: 'readings',
    by: ['inference'],
    help: 'Entities whose row of a view was read for predictions, by status.',
    labels: {
      view: VIEW,
      status:
        '`PRESENT`, `NOT_FOUND`, `OUTSIDE_MAX_AGE`, `UNAVAILABLE` (the store did not answer), `UNREADABLE` (treated as not found: damaged, a newer format or another schema)',
    },
  },
  larder_feature_readings_total: {
    type: 'counter',
    unit: 'readings',
    by: ['inference'],
    help: 'Readings of each feature for predictions, by status and by what was used; only outcomes that occurred.',
    labels: {
      feature: 'reference, `ad_image@1:brightness` (once per entity) or `moment:hour_sin` (once per row)',
      status: 'as of the view; `NULL_VALUE`: the source or the function gave none',
      source: '`online`, `on_demand`, `default` (the declared default, or missing)',
    },
  },
  larder_view_age_seconds: {
    type: 'histogram',
    unit: 'seconds',
    by: ['inference'],
    help: 'Age of the rows that predictions used: time since their event timestamp. A sample: the rows of one entity per request and entity type.',
    labels: { view: VIEW },
    buckets: AGE_BUCKETS_SECONDS,
  },
  larder_view_as_of_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds since 1970',
    by: ['inference'],
    help: 'When what is stored of a view was current: its newest event, or the start of the last run over all rows. PostgreSQL knows it: the same in every process.',
    labels: { view: VIEW },
  },
  larder_view_online_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds since 1970',
    by: ['inference'],
    help: 'When the online store last confirmed rows of a view. The same in every process.',
    labels: { view: VIEW },
    onlyWhen: 'it has confirmed some',
  },
  larder_view_rows_online: {
    type: 'gauge',
    unit: 'rows',
    by: ['inference'],
    help: 'Rows of a view that were new to the online store: an upper bound of what it holds. The same in every process.',
    labels: { view: VIEW },
  },
  larder_view_coverage_ratio: {
    type: 'gauge',
    unit: 'share from 0 to 1',
    by: ['inference'],
    help: 'Share of the rows of the last run over all rows of a view that have landed. The same in every process.',
    labels: { view: VIEW },
    onlyWhen: 'a run over all rows tells how many there are',
  },
  larder_view_stale: {
    type: 'gauge',
    unit: '0 or 1',
    by: ['inference'],
    help: '1 when what is stored of a view is older than its freshness objective. The same in every process.',
    labels: { view: VIEW },
    onlyWhen: 'the view declares one',
  },
  larder_problems: {
    type: 'gauge',
    unit: 'problems',
    by: ['inference'],
    help: 'What `larder status` lists from PostgreSQL, by kind: late, held and failed runs, stale views, missing partitions, failed archiving. The same in every process.',
    labels: { kind: 'as in `larder status --json`', severity: '`act`, `note`' },
    onlyWhen: 'there are some of the kind',
  },
  larder_backup_archived_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds since 1970',
    by: ['inference'],
    help: 'When PostgreSQL last archived a segment of its log (`pg_stat_archiver`). The same in every process.',
    labels: {},
    onlyWhen: '`archive_mode` is on and a segment was archived',
  },
  larder_prediction_log_total: {
    type: 'counter',
    unit: 'entries',
    by: ['inference'],
    help: 'Prediction log entries by outcome.',
    labels: { outcome: '`written`, `dropped`' },
  },
  larder_prediction_log_dropped_total: {
    type: 'counter',
    unit: 'entries',
    by: ['inference'],
    help: 'Prediction log entries dropped, by reason.',
    labels: {
      reason:
        '`buffer_records` or `buffer_bytes` (PostgreSQL is down or slow, and the buffer is full), `not_storable` (PostgreSQL refuses the entry), `erased` (it names an [erased](../guides/forget-someone.md) entity), `closed` (the service stopped before it was written)',
    },
  },
  larder_prediction_log_buffered: {
    type: 'gauge',
    unit: 'entries',
    by: ['inference'],
    help: 'Prediction log entries waiting for PostgreSQL.',
    labels: {},
  },
  larder_prediction_log_buffered_bytes: {
    type: 'gauge',
    unit: 'bytes',
    by: ['inference'],
    help: 'Approximate size, as the rows that are written, of the prediction log entries waiting for PostgreSQL.',
    labels: {},
  },
  larder_model_threads: {
    type: 'gauge',
    unit: 'threads',
    by: ['inference'],
    help: 'Threads of a model in a pool, over its versions in memory; 0: it runs on the main thread.',
    labels: { model: 'name', state: '`busy`, `idle`' },
  },
  larder_postgresql_connections: {
    type: 'gauge',
    unit: 'connections',
    by: ['inference', 'worker'],
    help: 'Connections of a pool to PostgreSQL, and requests that wait for one.',
    labels: {
      pool: '`main`, `log_reader` (the service reads logged predictions on it)',
      state: '`busy`, `idle`, `waiting` (for a free one)',
    },
  },
  larder_postgresql_connections_limit: {
    type: 'gauge',
    unit: 'connections',
    by: ['inference', 'worker'],
    help: 'Most connections that a pool opens.',
    labels: { pool: 'as above' },
  },
  larder_model_runs_waiting: {
    type: 'gauge',
    unit: 'runs',
    by: ['inference'],
    help: 'Runs waiting for a thread of their model.',
    labels: { model: 'name' },
  },
  larder_model_runs_dropped_total: {
    type: 'counter',
    unit: 'runs',
    by: ['inference'],
    help: 'Runs of a model in a pool of threads that gave no answer, by reason.',
    labels: {
      model: 'name',
      reason: '`refused` at once, `late` (ended by the deadline), `abandoned` by the caller',
    },
  },
  larder_api_keys_age_seconds: {
    type: 'gauge',
    unit: 'seconds',
    by: ['inference', 'worker'],
    help: 'How long ago this process read the API keys from PostgreSQL, at first how long ago it started: about half a second. Keys known then stay in force for LARDER_AUTH_OFFLINE.',
    labels: {},
    onlyWhen: 'the process asks for keys',
  },
  larder_api_key_expires_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds since 1970',
    by: ['inference'],
    help: 'When an API key in force expires. The same in every process.',
    labels: { key: 'id', name: 'as whoever created it called it' },
    onlyWhen: 'the key expires',
  },
  larder_api_key_secret_created_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds since 1970',
    by: ['inference'],
    help: 'When the newest secret of an API key in force was created: since then nobody has rotated it. The same in every process.',
    labels: { key: 'id', name: 'as above' },
  },
  larder_queue_work_seconds: {
    type: 'gauge',
    unit: 'seconds',
    by: ['inference'],
    help: 'Time that one compute thread would need for every row that waits or runs in the project; the same in every process, so use max. Absent while PostgreSQL is away.',
    labels: {},
  },
  larder_queue_oldest_age_seconds: {
    type: 'gauge',
    unit: 'seconds',
    by: ['inference'],
    help: 'How long the oldest chunk of the project waits that no worker has taken, 0 if none waits; the same in every process. Absent while PostgreSQL is away.',
    labels: {},
  },
  larder_queue_slots: {
    type: 'gauge',
    unit: 'threads',
    by: ['inference'],
    help: 'Compute threads of the living workers of the project; the same in every process. Absent while PostgreSQL is away.',
    labels: {},
  },
  larder_ready: {
    type: 'gauge',
    unit: '0 or 1',
    by: ['inference'],
    help: '1 when /health/ready answers 200: this process can answer something and is not closing.',
    labels: {},
  },
  larder_check_degraded: {
    type: 'gauge',
    unit: '0 or 1',
    by: ['inference'],
    help: '1 when a check of /health/ready is degraded: a store is down, or a model or definition is not loaded.',
    labels: { check: 'name in the body of `/health/ready`' },
  },
  larder_definitions_not_loaded: {
    type: 'gauge',
    unit: 'definitions',
    by: ['inference'],
    help: 'Applied definitions that this process lacks or has in a different form; predictions do not need them.',
    labels: {},
  },
  larder_models_not_ready: {
    type: 'gauge',
    unit: 'models',
    by: ['inference'],
    help: 'Models with an alias that no version answers for, or another than it points to; /health/ready says why.',
    labels: {},
  },
  larder_alias_version: {
    type: 'gauge',
    unit: 'version number',
    by: ['inference'],
    help: 'Number of the model version that answers for an alias in this process; 0: none.',
    labels: { model: 'name', alias: 'name' },
  },
  larder_chunks_total: {
    type: 'counter',
    unit: 'attempts',
    by: ['worker'],
    help: 'Attempts at chunks, by view and outcome.',
    labels: {
      view: VIEW,
      outcome:
        '`done`, `retried` (failed or split, will be tried again), `failed` (for good), `given_back` (the worker stopped, lacks the code, or a store is down; tried again later), `lost` (another worker has taken it over)',
    },
  },
  larder_rows_total: {
    type: 'counter',
    unit: 'rows',
    by: ['worker'],
    help: 'Rows that landed, by view and outcome.',
    labels: {
      view: VIEW,
      outcome:
        '`done`, `failed`, `skipped` (input unchanged, older than the retention, or of an erased entity), `restored` (skipped, and written back to the online store)',
    },
  },
  larder_chunk_slots: {
    type: 'gauge',
    unit: 'slots',
    by: ['worker'],
    help: 'Places for chunks in this worker, two for each of LARDER_WORKER_SLOTS: while one reads and lands, the other computes.',
    labels: { lane: '`ordinary`, `urgent` (pushed rows)', state: '`busy`, `idle`' },
  },
  larder_scheduled_runs_total: {
    type: 'counter',
    unit: 'runs',
    by: ['worker'],
    help: 'Schedules that were due, by view and outcome.',
    labels: {
      view: VIEW,
      outcome: '`queued`, `left_out` (the previous scheduled run had not ended), `skipped` (missed)',
    },
  },
  larder_worker_wedges_total: {
    type: 'counter',
    unit: 'wedges',
    by: ['worker'],
    help: 'How often a consumer was stuck although jobs waited and slots were free; it was replaced, or the process ended.',
    labels: { queue: 'name' },
  },
  larder_metrics_incomplete_total: {
    type: 'counter',
    unit: 'scrapes',
    by: ['inference', 'worker'],
    help: 'Scrapes in which a metric was left out or cut off, by metric and reason.',
    labels: {
      metric: 'name',
      reason: '`failed` (it could not be read), `series` (it has more sets of labels than are exported)',
    },
  },
} as const satisfies Readonly<Record<`larder_${string}`, MetricDefinition>>;

/** Metrics of prom-client about the process itself that rules and dashboards use. */
export const PROCESS_METRICS = [
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_gc_duration_seconds_sum',
  'nodejs_heap_size_used_bytes',
  'process_cpu_seconds_total',
  'process_open_fds',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
] as const;

export type MetricName = keyof typeof METRICS;

/** Metrics of this type that this process exports. */
export type MetricNameOf<P extends MetricProcess, T extends MetricDefinition['type']> = {
  [N in MetricName]: (typeof METRICS)[N] extends { readonly type: T; readonly by: readonly (infer B)[] }
    ? P extends B
      ? N
      : never
    : never;
}[MetricName];

export type MetricLabels<N extends MetricName> = Readonly<
  Record<Extract<keyof (typeof METRICS)[N]['labels'], string>, string>
>;
