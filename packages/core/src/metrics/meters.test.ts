import { expect, test } from 'vitest';
import { createMeters, METRICS, type MetricDefinition } from './index.ts';
import { createSeriesMap } from './series-map.ts';

const TABLE: [string, MetricDefinition][] = Object.entries(METRICS);

test('counters, histograms and collected values are in the scrape, under the name of the table', async () => {
  const meters = createMeters('inference');
  const requests = meters.counter('larder_http_requests_total');
  requests({ route: '/a', method: 'GET', status: '200' }).value += 2;
  requests({ route: '/a', method: 'GET', status: '200' }).value += 1;
  meters.histogram('larder_predict_seconds')({ model: 'm', route: '/p', stage: 'total' }).observe(0.003);
  meters.collect('larder_alias_version', (report) => report({ model: 'm', alias: 'champion' }, 7));
  const text = await meters.render();
  expect(text).toContain('larder_http_requests_total{route="/a",method="GET",status="200"} 3\n');
  expect(text).toContain('larder_predict_seconds_bucket{model="m",route="/p",stage="total",le="0.0025"} 0\n');
  expect(text).toContain('larder_predict_seconds_bucket{model="m",route="/p",stage="total",le="0.005"} 1\n');
  expect(text).toContain('larder_predict_seconds_bucket{model="m",route="/p",stage="total",le="+Inf"} 1\n');
  expect(text).toContain('larder_predict_seconds_sum{model="m",route="/p",stage="total"} 0.003\n');
  expect(text).toContain('larder_alias_version{model="m",alias="champion"} 7\n');
  expect(text).toContain('# TYPE process_cpu_seconds_total counter\n');
});

test('a metric that cannot be read, or has too many series, leaves the rest of the scrape whole', async () => {
  const meters = createMeters('inference');
  meters.collect('larder_ready', () => Promise.reject(new Error('PostgreSQL is away')));
  meters.collect('larder_alias_version', (report) => {
    for (let at = 0; at < 5_001; at++) report({ model: `m${at}`, alias: 'champion' }, at);
  });
  meters.collect('larder_models_not_ready', (report) => report({}, 1));
  await meters.render();
  const text = await meters.render();
  expect(text).toContain('larder_models_not_ready 1\n');
  expect(text).toMatch(/larder_metrics_incomplete_total\{metric="larder_ready",reason="failed"\} [12]\n/);
  expect(text).toMatch(
    /larder_metrics_incomplete_total\{metric="larder_alias_version",reason="series"\} [12]\n/,
  );
  expect(text.match(/^larder_alias_version\{/gm)).toHaveLength(5_000);
  expect(text).not.toMatch(/^larder_ready /m);
});

test('label sets beyond the limit share one', () => {
  const series = createSeriesMap(['view'], () => ({ value: 0 }), 2);
  for (const view of ['a', 'b', 'c', 'd', 'a']) series.of({ view }).value += 1;
  expect(Array.from(series.entries(), ({ labels, kept }) => [labels['view'], kept.value])).toEqual([
    ['a', 2],
    ['b', 1],
    ['other', 2],
  ]);
  expect(series.isCutOff()).toBe(true);
});

test.for(TABLE)(
  '%s ends in its unit or in _total, and its buckets ascend',
  ([name, { type, unit, buckets }]) => {
    const base = ['seconds', 'bytes'].find((known) => known === unit);
    const ending = type === 'counter' ? '_total' : base === undefined ? '' : `_${base}`;
    expect(name).toMatch(new RegExp(`${ending}$`));
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(/_(ms|millis|micros|minutes|hours|kb|mb)(_|$)/);
    expect(buckets === undefined).toBe(type !== 'histogram');
    expect(buckets ?? []).toEqual([...(buckets ?? [])].toSorted((a, b) => a - b));
  },
);
