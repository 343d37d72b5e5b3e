/** A series as promtool writes it, with a sample a minute. */
export interface Series {
  readonly series: string;
  readonly values: string;
}

/** Samples of a series, and when which alerts fire on them. */
export interface AlertScenario {
  readonly name: string;
  readonly series: readonly Series[];
  /** By alert: the times at which it fires and those at which it does not. */
  readonly alerts: Readonly<
    Record<string, { readonly fires?: readonly string[]; readonly silent?: readonly string[] }>
  >;
  /** @default 1m */
  readonly evaluatedEvery?: string;
}

/** Three days of samples. */
const DAYS_3 = 3 * 24 * 60;

const series = (name: string, labels: string, values: string): Series => ({
  series: `${name}{job="larder-inference",instance="a"${labels}}`,
  values,
});
const worker = (name: string, labels: string, values: string): Series => ({
  series: `${name}{job="larder-worker",instance="w"${labels}}`,
  values,
});
const requests = (status: number, values: string): Series =>
  series(
    'larder_http_requests_total',
    `,route="/v1/models/{model}/predict",method="POST",status="${status}"`,
    values,
  );
const predictions = (name: string, labels: string, values: string): Series =>
  series(
    `larder_predict_seconds_${name}`,
    `,model="m",route="/v1/models/{model}/predict",stage="total"${labels}`,
    values,
  );
const readings = (values: string): Series =>
  series('larder_view_readings_total', ',view="v@1",status="PRESENT"', values);
const stale = (values: string): Series => series('larder_view_stale', ',view="v@1"', values);
const due = (outcome: string, values: string): Series =>
  worker('larder_scheduled_runs_total', `,view="v@1",outcome="${outcome}"`, values);

/** True from the sixth to the twenty-fifth minute. */
const FOR_20_MINUTES = { fires: ['20m'], silent: ['5m', '40m'] };

const OBJECTIVES: readonly AlertScenario[] = [
  {
    name: 'availability: silent at 90 % of the budget for three days',
    series: [requests(200, `0+9991x${DAYS_3}`), requests(503, `0+9x${DAYS_3}`)],
    alerts: {
      LarderPredictAvailabilityBurning: { silent: ['1h', '1d', '72h'] },
      LarderPredictAvailabilityEroding: { silent: ['1h', '1d', '72h'] },
    },
    evaluatedEvery: '1h',
  },
  {
    name: 'availability: 2 % of errors page within an hour, and the page resolves when they end',
    series: [requests(200, '0+9800x90 891800+10000x30'), requests(503, '0+200x90 18000+0x30')],
    alerts: { LarderPredictAvailabilityBurning: { fires: ['60m', '90m'], silent: ['2h'] } },
    evaluatedEvery: '5m',
  },
  {
    name: 'availability: twice the budget for three days is a ticket, no page',
    series: [requests(200, `0+9980x${DAYS_3}`), requests(503, `0+20x${DAYS_3}`)],
    alerts: {
      LarderPredictAvailabilityEroding: { fires: ['72h'] },
      LarderPredictAvailabilityBurning: { silent: ['72h'] },
    },
    evaluatedEvery: '1h',
  },
  {
    name: 'availability: nobody is woken by failures of a service that is hardly used',
    series: [requests(200, '0+1x180'), requests(503, '0+3x180')],
    alerts: { LarderPredictAvailabilityBurning: { silent: ['1h', '3h'] } },
    evaluatedEvery: '5m',
  },
  {
    name: 'latency: silent at 0.9 % above 100 ms',
    series: [predictions('count', '', '0+1000x360'), predictions('bucket', ',le="0.1"', '0+991x360')],
    alerts: {
      LarderPredictLatencyBurning: { silent: ['6h'] },
      LarderPredictLatencyEroding: { silent: ['6h'] },
    },
    evaluatedEvery: '5m',
  },
  {
    name: 'latency: a page at 20 %, resolved when it is fast again',
    series: [
      predictions('count', '', '0+1000x240'),
      predictions('bucket', ',le="0.1"', '0+800x120 97000+1000x120'),
    ],
    alerts: { LarderPredictLatencyBurning: { fires: ['2h'], silent: ['4h'] } },
    evaluatedEvery: '5m',
  },
  {
    name: 'latency: 5 % for hours are a ticket, no page',
    series: [predictions('count', '', '0+1000x360'), predictions('bucket', ',le="0.1"', '0+950x360')],
    alerts: {
      LarderPredictLatencyEroding: { fires: ['6h'] },
      LarderPredictLatencyBurning: { silent: ['6h'] },
    },
    evaluatedEvery: '5m',
  },
  {
    name: 'freshness: reads of a fresh view are silent',
    series: [readings('0+600x360'), stale('0x360')],
    alerts: { LarderFreshnessEroding: { silent: ['6h'] } },
    evaluatedEvery: '5m',
  },
  {
    name: 'freshness: a stale view that nobody reads is silent',
    series: [readings('0+1x360'), stale('1x360')],
    alerts: { LarderFreshnessEroding: { silent: ['6h'] } },
    evaluatedEvery: '5m',
  },
  {
    name: 'freshness: reads of a stale view erode it',
    series: [readings('0+600x720'), stale('1x180 0x540')],
    alerts: {
      LarderFreshnessEroding: { fires: ['3h'], silent: ['12h'] },
      LarderViewStale: { fires: ['3h'], silent: ['12h'] },
    },
    evaluatedEvery: '5m',
  },
  {
    name: 'landing: runs in time are silent',
    series: [due('queued', `0+1x${24 * 60}`), due('left_out', `0x${24 * 60}`)],
    alerts: { LarderLandingEroding: { silent: ['12h', '24h'] } },
    evaluatedEvery: '1h',
  },
  {
    name: 'landing: runs that are left out are a ticket',
    series: [due('queued', `0+1x${24 * 60}`), due('left_out', `0+1x${24 * 60}`)],
    alerts: { LarderLandingEroding: { fires: ['24h'] } },
    evaluatedEvery: '1h',
  },
];

const DATABASE: readonly AlertScenario[] = [
  {
    name: 'what PostgreSQL knows',
    series: [
      series('larder_problems', ',kind="run_held",severity="act"', '0x5 1x20 0x20'),
      series('larder_queue_oldest_age_seconds', '', '0x5 3600x20 0x20'),
      series('larder_postgresql_connections', ',pool="main",state="waiting"', '0x5 4x20 0x20'),
      series(
        'larder_metrics_incomplete_total',
        ',metric="larder_view_stale",reason="failed"',
        '0+1x20 20x30',
      ),
    ],
    alerts: {
      LarderProblem: FOR_20_MINUTES,
      LarderQueueOld: FOR_20_MINUTES,
      LarderConnectionsWaiting: FOR_20_MINUTES,
      LarderMetricsIncomplete: { fires: ['15m'], silent: ['45m'] },
    },
  },
  {
    name: 'an archive that stops',
    series: [series('larder_backup_archived_timestamp_seconds', '', '0x80 4800x20')],
    alerts: { LarderBackupOld: { fires: ['75m'], silent: ['50m', '90m'] } },
  },
  {
    name: 'a problem that is only worth knowing, or has an alert of its own',
    series: [
      series('larder_problems', ',kind="versions_mixed",severity="note"', '1x40'),
      series('larder_problems', ',kind="view_stale",severity="act"', '1x40'),
    ],
    alerts: { LarderProblem: { silent: ['30m'] } },
  },
];

const INFERENCE: readonly AlertScenario[] = [
  {
    name: 'a service that loads nothing, or whose stores or models are away',
    series: [
      series('larder_ready', '', '1x5 0x20 1x20'),
      series('larder_check_degraded', ',check="redis"', '0x5 1x20 0x20'),
      series('larder_check_degraded', ',check="postgresql"', '0x5 1x20 0x20'),
      series('larder_models_not_ready', '', '0x5 2x20 0x20'),
    ],
    alerts: {
      LarderNotReady: FOR_20_MINUTES,
      LarderRedisDegraded: FOR_20_MINUTES,
      LarderPostgresqlDegraded: FOR_20_MINUTES,
      LarderModelNotReady: FOR_20_MINUTES,
    },
  },
  {
    name: 'keys that a process cannot read',
    series: [series('larder_api_keys_age_seconds', '', '0.3x5 60+60x20 0.3x20')],
    alerts: { LarderKeysOffline: { fires: ['20m'], silent: ['5m', '40m'] } },
  },
  {
    name: 'one store that is away says nothing about the other',
    series: [
      series('larder_check_degraded', ',check="redis"', '1x30'),
      series('larder_check_degraded', ',check="postgresql"', '0x30'),
    ],
    alerts: { LarderRedisDegraded: { fires: ['20m'] }, LarderPostgresqlDegraded: { silent: ['20m'] } },
  },
  {
    name: 'a model that refuses more than one request a second',
    series: [
      series('larder_model_runs_dropped_total', ',model="m",reason="refused"', '0x5 0+120x20 2400x20'),
    ],
    alerts: { LarderModelOverloaded: { fires: ['20m'], silent: ['5m', '40m'] } },
  },
  {
    name: 'a model that refuses hardly any, or whose callers leave',
    series: [
      series('larder_model_runs_dropped_total', ',model="m",reason="refused"', '0+30x40'),
      series('larder_model_runs_dropped_total', ',model="m",reason="abandoned"', '0+600x40'),
    ],
    alerts: { LarderModelOverloaded: { silent: ['30m'] } },
  },
  {
    name: 'rows that cannot be read, and log entries that are dropped',
    series: [
      series('larder_view_readings_total', ',view="v@1",status="UNREADABLE"', '0x5 0+1x20 20x20'),
      series('larder_view_readings_total', ',view="v@1",status="NOT_FOUND"', '0+100x50'),
      series('larder_prediction_log_dropped_total', ',reason="buffer_records"', '0x5 0+1x20 20x20'),
    ],
    alerts: { LarderRowsUnreadable: FOR_20_MINUTES, LarderPredictionLogDrops: FOR_20_MINUTES },
  },
  {
    name: 'an event loop that lags: that of a worker computes, and may',
    series: [series('nodejs_eventloop_lag_p99_seconds', '', '0.01x5 0.4x20 0.01x20')],
    alerts: { LarderEventLoopLate: FOR_20_MINUTES },
  },
  {
    name: 'the event loop of a worker',
    series: [worker('nodejs_eventloop_lag_p99_seconds', '', '0.4x40')],
    alerts: { LarderEventLoopLate: { silent: ['30m'] } },
  },
];

const WORKERS: readonly AlertScenario[] = [
  {
    name: 'workers that are all away',
    series: [worker('up', '', '1x5 0x20 1x20')],
    alerts: { LarderNoWorker: FOR_20_MINUTES },
  },
  {
    name: 'no worker that was ever scraped',
    series: [series('up', '', '1x40')],
    alerts: { LarderNoWorker: { fires: ['20m'] } },
  },
  {
    name: 'one of two workers is away',
    series: [worker('up', '', '0x40'), { series: 'up{job="larder-worker",instance="w2"}', values: '1x40' }],
    alerts: { LarderNoWorker: { silent: ['30m'] } },
  },
  {
    name: 'a consumer that is replaced, and chunks that fail',
    series: [
      worker('larder_worker_wedges_total', ',queue="chunks"', '0x5 1x40'),
      worker('larder_chunks_total', ',view="v@1",outcome="failed"', '0x5 3x40'),
      worker('larder_chunks_total', ',view="v@1",outcome="done"', '0+60x45'),
    ],
    alerts: {
      LarderWorkerWedged: { fires: ['10m'], silent: ['5m', '40m'] },
      LarderChunksFail: { fires: ['10m'], silent: ['5m', '40m'] },
    },
  },
  {
    name: 'a counter of failed chunks that appears with the first failure',
    series: [worker('larder_chunks_total', ',view="v@1",outcome="failed"', '_x5 1x40')],
    alerts: { LarderChunksFail: { fires: ['10m'], silent: ['40m'] } },
  },
  {
    name: 'chunks that are tried again',
    series: [worker('larder_chunks_total', ',view="v@1",outcome="retried"', '0+60x45')],
    alerts: { LarderChunksFail: { silent: ['30m'] } },
  },
];

export const ALERT_SCENARIOS: readonly AlertScenario[] = [
  ...OBJECTIVES,
  ...DATABASE,
  ...INFERENCE,
  ...WORKERS,
];
