import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '@larder/infra/monitoring';
import { describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { ALERT_SCENARIOS, type AlertScenario } from './alert-scenarios.ts';
import { prometheusTools, WITHOUT_PROMETHEUS } from './prometheus-tools.ts';

interface Group {
  readonly name: string;
  readonly rules: readonly { readonly alert?: string }[];
}

const FOLDER = join(REPOSITORY, 'infra/prometheus');
const FILES = globSync('*.rules.yml', { cwd: FOLDER }).map((file) => join(FOLDER, file));
const GROUPS = FILES.flatMap((file) => (parse(readFileSync(file, 'utf8')) as { groups: Group[] }).groups);
const tools = prometheusTools();
if (tools === null) console.warn(`${WITHOUT_PROMETHEUS}: the alert rules are not tested`);

/** Runs promtool on the groups that have the alerts of a scenario, and lists what it finds wrong. */
function promtool({ series, alerts, evaluatedEvery = '1m' }: Omit<AlertScenario, 'name'>): string {
  const folder = mkdtempSync(join(inject('testFolder'), 'promtool-'));
  const groups = GROUPS.filter(({ rules }) =>
    rules.some(({ alert }) => alert !== undefined && alert in alerts),
  );
  writeFileSync(join(folder, 'rules.json'), JSON.stringify({ groups }));
  const at = (alertname: string, eval_time: string, value: 0 | 1) => ({
    // An alert that fires has labels and texts of its own: asking whether it is absent says enough.
    expr: `count(ALERTS{alertname="${alertname}",alertstate="firing"}) or vector(0)`,
    eval_time,
    exp_samples: [{ labels: '{}', value }],
  });
  const file = join(folder, 'test.json');
  writeFileSync(
    file,
    JSON.stringify({
      rule_files: ['rules.json'],
      evaluation_interval: evaluatedEvery,
      tests: [
        {
          interval: '1m',
          input_series: series,
          promql_expr_test: Object.entries(alerts).flatMap(([alert, { fires = [], silent = [] }]) =>
            fires.map((time) => at(alert, time, 1)).concat(silent.map((time) => at(alert, time, 0))),
          ),
        },
      ],
    }),
  );
  const { stdout, stderr } = spawnSync(tools?.promtool ?? '', ['test', 'rules', file], { encoding: 'utf8' });
  return `${stdout}${stderr}`;
}

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

  test('this test sees alerts that fire and alerts that do not: a wrong expectation fails', () => {
    const series = [{ series: 'larder_ready{job="larder-inference",instance="a"}', values: '0x20 1x20' }];
    const said = (alerts: AlertScenario['alerts']) => promtool({ series, alerts });
    expect(said({ LarderNotReady: { fires: ['10m'], silent: ['30m'] } })).toContain('SUCCESS');
    expect(said({ LarderNotReady: { silent: ['10m'] } })).toContain('FAILED');
    expect(said({ LarderNotReady: { fires: ['30m'] } })).toContain('FAILED');
  });

  test.for(ALERT_SCENARIOS)('$name', (scenario) => {
    expect(promtool(scenario)).toContain('SUCCESS');
  });
});

test('every alert has a case in which it fires and one in which it does not', () => {
  const alerts = GROUPS.flatMap(({ rules }) => rules.flatMap(({ alert = [] }) => alert));
  expect(alerts.length).toBeGreaterThan(20);
  const having = (times: 'fires' | 'silent') =>
    new Set(
      ALERT_SCENARIOS.flatMap((scenario) =>
        Object.entries(scenario.alerts).flatMap(([alert, each]) => (each[times]?.length ? [alert] : [])),
      ),
    );
  expect(having('fires')).toEqual(new Set(alerts));
  expect(having('silent')).toEqual(new Set(alerts));
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
