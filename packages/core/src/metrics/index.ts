export { METRICS, PROCESS_METRICS } from './metrics.ts';
export type { MetricLabels, MetricName, MetricNameOf } from './metrics.ts';
export type { MetricDefinition, MetricProcess } from './metric-definition.ts';
export { createMeters } from './create-meters.ts';
export type { Count, Meters, Report } from './create-meters.ts';
export type { Observations } from './histogram.ts';
