import { metric } from '../metric.ts';
import type { AlertRule } from '../rules.ts';

/** A range of Prometheus: `5m`. */
export type Window = '5m' | '30m' | '1h' | '2h' | '6h' | '1d' | '3d';

/** An objective over 30 days: the share of events that must be good. */
export interface Slo {
  /** In names of rules: `predict_availability`. */
  readonly name: string;
  /** In names of alerts: `PredictAvailability`. */
  readonly title: string;
  readonly objective: number;
  readonly what: string;
  /** Bad events per second over a window, by `by`. */
  readonly bad: (window: Window) => string;
  /** All events per second over a window, by `by`. */
  readonly total: (window: Window) => string;
  /** Labels that the objective is kept for, each on its own. */
  readonly by: readonly string[];
  /** Below this rate over the long window nobody is told: three failures at night are no trend. */
  readonly minPerSecond: number;
  /** @default page and ticket */
  readonly severities?: readonly AlertRule['severity'][];
  readonly next: string;
}

const PREDICT = `route=~"/v1/models/{model}/predict(-batch)?"`;
const REQUESTS = metric('larder_http_requests_total');
const PREDICTIONS = metric('larder_predict_seconds_count');
const IN_TIME = metric('larder_predict_seconds_bucket');
const READINGS = metric('larder_view_readings_total');
const STALE = metric('larder_view_stale');
const DUE = metric('larder_scheduled_runs_total');

/** Readings of a view, by view: sampled often enough that staleness can be multiplied in. */
const readings = (window: Window): string => `sum by (view) (rate(${READINGS}[${window}]))`;

export const SLOS: readonly Slo[] = [
  {
    name: 'predict_availability',
    title: 'PredictAvailability',
    objective: 0.999,
    what: 'predict and predict-batch requests that are answered without a 5xx, within the deadline of their caller',
    bad: (window) => `sum by (job) (rate(${REQUESTS}{${PREDICT},status=~"5.."}[${window}]))`,
    total: (window) => `sum by (job) (rate(${REQUESTS}{${PREDICT}}[${window}]))`,
    by: ['job'],
    minPerSecond: 1,
    next: 'larder status, then the log of the service: each 5xx has its code.',
  },
  {
    name: 'predict_latency',
    title: 'PredictLatency',
    objective: 0.99,
    what: 'answered predict and predict-batch requests that take at most 100 ms',
    bad: (window) =>
      `(sum by (job) (rate(${PREDICTIONS}{stage="total"}[${window}])) - sum by (job) (rate(${IN_TIME}{stage="total",le="0.1"}[${window}])))`,
    total: (window) => `sum by (job) (rate(${PREDICTIONS}{stage="total"}[${window}]))`,
    by: ['job'],
    minPerSecond: 1,
    next: 'the dashboard Larder / Serving: which stage of which model takes the time.',
  },
  {
    name: 'freshness',
    title: 'Freshness',
    objective: 0.99,
    what: 'entities read for predictions while their view is inside its freshness objective',
    // A view that is stale now counts as stale for the window: its reads were of the same rows.
    bad: (window) => `(${readings(window)} * on (view) max by (view) (avg_over_time(${STALE}[${window}])))`,
    total: (window) => `(${readings(window)} and on (view) max by (view) (${STALE}) >= 0)`,
    by: ['view'],
    minPerSecond: 0.1,
    severities: ['ticket'],
    next: 'larder status: which run of {{ $labels.view }} is late, held or failed.',
  },
  {
    name: 'landing',
    title: 'Landing',
    objective: 0.95,
    what: 'scheduled runs that have ended when the next one is due',
    bad: (window) => `sum by (view) (rate(${DUE}{outcome=~"left_out|skipped"}[${window}]))`,
    total: (window) => `sum by (view) (rate(${DUE}[${window}]))`,
    by: ['view'],
    minPerSecond: 0,
    severities: ['ticket'],
    next: 'larder runs --view {{ $labels.view }}.',
  },
];
