import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '@larder/infra/monitoring';
import { describe, expect, inject, test } from 'vitest';
import { prometheusTools, WITHOUT_PROMETHEUS } from './prometheus-tools.ts';

const FOLDER = join(REPOSITORY, 'infra/prometheus');
const FILES = globSync('*.rules.yml', { cwd: FOLDER }).map((file) => join(FOLDER, file));
const tools = prometheusTools();
if (tools === null) console.warn(`${WITHOUT_PROMETHEUS}: the alert rules are not tested`);

interface Series {
  readonly series: string;
  readonly values: string;
}

interface Expectation {
  readonly alertname: string;
  readonly eval_time: string;
  readonly firing: boolean;
}

let tests = 0;

/** Runs promtool on series with a sample a minute, and lists what it finds wrong. */
function promtool(
  series: readonly Series[],
  expected: readonly Expectation[],
  evaluationInterval = '1m',
): string {
  const folder = join(inject('testFolder'), 'promtool');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${++tests}.json`);
  // An alert that fires has labels and texts of its own: asking whether it is absent says enough.
  const absent = expected.map(({ alertname, eval_time: at, firing }) => ({
    expr: `count(ALERTS{alertname="${alertname}",alertstate="firing"}) or vector(0)`,
    eval_time: at,
    exp_samples: [{ labels: '{}', value: firing ? 1 : 0 }],
  }));
  writeFileSync(
    file,
    JSON.stringify({
      rule_files: FILES,
      evaluation_interval: evaluationInterval,
      tests: [{ interval: '1m', input_series: series, promql_expr_test: absent }],
    }),
  );
  const { stdout, stderr } = spawnSync(tools?.promtool ?? '', ['test', 'rules', file], { encoding: 'utf8' });
  return `${stdout}${stderr}`;
}

const requests = (status: number, values: string): Series => ({
  series: `larder_http_requests_total{job="larder-inference",instance="a",route="/v1/models/{model}/predict",method="POST",status="${status}"}`,
  values,
});
const predictions = (series: string, values: string): Series => ({
  series: `larder_predict_seconds_${series.replace('{', '{job="larder-inference",instance="a",model="m",route="/v1/models/{model}/predict",stage="total"')}`,
  values,
});
const readings = (values: string): Series => ({
  series: 'larder_view_readings_total{job="larder-inference",instance="a",view="v@1",status="PRESENT"}',
  values,
});
const stale = (values: string): Series => ({
  series: 'larder_view_stale{job="larder-inference",instance="a",view="v@1"}',
  values,
});
const due = (outcome: string, values: string): Series => ({
  series: `larder_scheduled_runs_total{job="larder-worker",instance="w",view="v@1",outcome="${outcome}"}`,
  values,
});

/** Three days of samples. */
const DAYS_3 = 3 * 24 * 60;
const at = (eval_time: string, alertname: string, firing: boolean): Expectation => ({
  alertname,
  eval_time,
  firing,
});
const never = (alertname: string, ...times: string[]) => times.map((time) => at(time, alertname, false));

describe.skipIf(tools === null)('promtool', () => {
  test('accepts every rule file', () => {
    expect(FILES.length).toBeGreaterThan(2);
    const { status, stdout, stderr } = spawnSync(
      tools?.promtool ?? '',
      ['check', 'rules', '--lint-fatal', ...FILES],
      { encoding: 'utf8' },
    );
    expect(`${stdout}${stderr}`).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  test('this test sees alerts that fire: an expectation that is wrong fails', () => {
    expect(
      promtool(
        [requests(200, '0+600x120'), requests(500, '0+60x120')],
        never('LarderPredictAvailabilityBurning', '2h'),
      ),
    ).toContain('FAILED');
  });

  test('availability: silent at 90 % of the budget for three days', () => {
    const series = [requests(200, `0+9991x${DAYS_3}`), requests(503, `0+9x${DAYS_3}`)];
    const times = ['1h', '1d', '72h'];
    expect(
      promtool(
        series,
        [
          ...never('LarderPredictAvailabilityBurning', ...times),
          ...never('LarderPredictAvailabilityEroding', ...times),
        ],
        '15m',
      ),
    ).toContain('SUCCESS');
  });

  test('availability: 2 % of errors page within an hour, and the page resolves when they end', () => {
    const series = [requests(200, '0+9800x90 891800+10000x30'), requests(503, '0+200x90 18000+0x30')];
    expect(
      promtool(series, [
        at('60m', 'LarderPredictAvailabilityBurning', true),
        at('90m', 'LarderPredictAvailabilityBurning', true),
        at('2h', 'LarderPredictAvailabilityBurning', false),
      ]),
    ).toContain('SUCCESS');
  });

  test('availability: twice the budget for three days is a ticket, no page', () => {
    const series = [requests(200, `0+9980x${DAYS_3}`), requests(503, `0+20x${DAYS_3}`)];
    expect(
      promtool(
        series,
        [
          at('72h', 'LarderPredictAvailabilityEroding', true),
          at('72h', 'LarderPredictAvailabilityBurning', false),
        ],
        '15m',
      ),
    ).toContain('SUCCESS');
  });

  test('availability: nobody is woken by failures of a service that is hardly used', () => {
    const series = [requests(200, '0+1x180'), requests(503, '0+3x180')];
    expect(promtool(series, never('LarderPredictAvailabilityBurning', '1h', '3h'))).toContain('SUCCESS');
  });

  test('latency: silent at 0.9 % above 100 ms, a page at 20 %, resolved when it is fast again', () => {
    const count = predictions('count{}', '0+1000x360');
    expect(
      promtool(
        [count, predictions('bucket{,le="0.1"}', '0+991x360')],
        [...never('LarderPredictLatencyBurning', '6h'), ...never('LarderPredictLatencyEroding', '6h')],
      ),
    ).toContain('SUCCESS');
    expect(
      promtool(
        [count, predictions('bucket{,le="0.1"}', '0+800x120 97000+1000x240')],
        [at('2h', 'LarderPredictLatencyBurning', true), at('4h', 'LarderPredictLatencyBurning', false)],
      ),
    ).toContain('SUCCESS');
  });

  test('freshness: reads of a stale view erode it, reads of a fresh one and views that nobody reads do not', () => {
    const reading = readings('0+600x360');
    expect(promtool([reading, stale('0x360')], never('LarderFreshnessEroding', '6h'))).toContain('SUCCESS');
    expect(promtool([readings('0+1x360'), stale('1x360')], never('LarderFreshnessEroding', '6h'))).toContain(
      'SUCCESS',
    );
    expect(
      promtool(
        [reading, stale('1x180 0x540')],
        [
          at('3h', 'LarderFreshnessEroding', true),
          at('3h', 'LarderViewStale', true),
          at('12h', 'LarderFreshnessEroding', false),
          at('12h', 'LarderViewStale', false),
        ],
      ),
    ).toContain('SUCCESS');
  });

  test('landing: runs that are left out are a ticket, runs in time are not', () => {
    const inTime = [due('queued', `0+1x${24 * 60}`), due('left_out', `0x${24 * 60}`)];
    expect(promtool(inTime, never('LarderLandingEroding', '12h', '24h'), '15m')).toContain('SUCCESS');
    const late = [due('queued', `0+1x${24 * 60}`), due('left_out', `0+1x${24 * 60}`)];
    expect(promtool(late, [at('24h', 'LarderLandingEroding', true)], '15m')).toContain('SUCCESS');
  });

  test('the alerts on PostgreSQL and on processes fire and resolve', () => {
    const series = (name: string, labels: string, values: string): Series => ({
      series: `${name}{job="larder-inference",instance="a"${labels}}`,
      values,
    });
    expect(
      promtool(
        [
          series('larder_problems', ',kind="run_held",severity="act"', '0x5 1x20 0x20'),
          series('larder_queue_oldest_age_seconds', '', '0x5 3600x20 0x20'),
          series('larder_backup_archived_timestamp_seconds', '', '0x80 4800x20'),
          series('larder_postgresql_connections', ',pool="main",state="waiting"', '0x5 4x20 0x20'),
          series(
            'larder_metrics_incomplete_total',
            ',metric="larder_view_stale",reason="failed"',
            '0+1x20 20x30',
          ),
          series('larder_ready', '', '0x20 1x20'),
          series('larder_check_degraded', ',check="redis"', '1x20 0x20'),
        ],
        [
          ...['LarderProblem', 'LarderQueueOld', 'LarderConnectionsWaiting'].flatMap((alert) => [
            at('5m', alert, false),
            at('20m', alert, true),
            at('40m', alert, false),
          ]),
          at('50m', 'LarderBackupOld', false),
          at('75m', 'LarderBackupOld', true),
          at('90m', 'LarderBackupOld', false),
          at('15m', 'LarderMetricsIncomplete', true),
          at('45m', 'LarderMetricsIncomplete', false),
          at('10m', 'LarderNotReady', true),
          at('30m', 'LarderNotReady', false),
          at('10m', 'LarderRedisDegraded', true),
          at('30m', 'LarderRedisDegraded', false),
        ],
      ),
    ).toContain('SUCCESS');
  });
});

test('every alert has its section in the guide, and every section its alert', () => {
  const rules = FILES.map((file) => readFileSync(file, 'utf8')).join('\n');
  const runbooks = Array.from(
    rules.matchAll(/runbook: "docs\/guides\/be-paged-and-act\.md#(\w+)"/g),
    ([, anchor]) => anchor,
  );
  const guide = readFileSync(join(REPOSITORY, 'docs/guides/be-paged-and-act.md'), 'utf8');
  const sections = [...guide.matchAll(/^### (Larder\w+)$/gm)].map(([, name = '']) => name.toLowerCase());
  expect(runbooks.length).toBeGreaterThan(10);
  expect(new Set(sections)).toEqual(new Set(runbooks));
});
