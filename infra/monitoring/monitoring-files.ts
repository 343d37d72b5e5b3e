import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DATABASE_ALERTS } from './alerts/database-alerts.ts';
import { INFERENCE_ALERTS } from './alerts/inference-alerts.ts';
import { WORKER_ALERTS } from './alerts/worker-alerts.ts';
import { dashboardJson } from './dashboards/dashboard.ts';
import { dashboards } from './dashboards/dashboards.ts';
import { withSection } from './generated-section.ts';
import { referencePage } from './reference.ts';
import { prometheusRule, rulesFile, type RuleGroup } from './rules.ts';
import { sloTable } from './slo/slo-table.ts';
import { sloGroups } from './slo/burn-rate-rules.ts';

export const REPOSITORY = resolve(import.meta.dirname, '../..');

const INFERENCE_GROUPS: readonly RuleGroup[] = [
  { name: 'larder-inference', rules: INFERENCE_ALERTS },
  { name: 'larder-database', rules: DATABASE_ALERTS },
];
const WORKER_GROUPS: readonly RuleGroup[] = [{ name: 'larder-worker', rules: WORKER_ALERTS }];

/** Every file that is written from the table of metrics: its path in the repository and its text. */
export function monitoringFiles(): ReadonlyMap<string, string> {
  const reference = 'docs/reference/metrics.md';
  const guide = 'docs/guides/be-paged-and-act.md';
  const read = (path: string): string => readFileSync(resolve(REPOSITORY, path), 'utf8');
  return new Map([
    [reference, referencePage(read(reference))],
    [guide, withSection(read(guide), 'slos', sloTable())],
    [
      'infra/prometheus/inference.rules.yml',
      rulesFile(
        'Alerts on the inference service. Written by `npm run monitoring` from infra/monitoring/alerts; docs/reference/metrics.md has the metrics.',
        INFERENCE_GROUPS,
      ),
    ],
    [
      'infra/prometheus/worker.rules.yml',
      rulesFile(
        'Alerts on the workers, scraped at LARDER_WORKER_METRICS_PORT; `job` is the name of your scrape job, here larder-worker.\nWritten by `npm run monitoring` from infra/monitoring/alerts; docs/reference/metrics.md has the metrics.',
        WORKER_GROUPS,
      ),
    ],
    [
      'infra/prometheus/slo.rules.yml',
      rulesFile(
        'Service level objectives: how fast their budgets burn. Written by `npm run monitoring` from infra/monitoring/slo.',
        sloGroups(),
      ),
    ],
    [
      'infra/kubernetes/monitoring/prometheus-rule.yaml',
      prometheusRule(
        'larder',
        'The rules of infra/prometheus for the Prometheus Operator. Written by `npm run monitoring` from infra/monitoring.',
        [...INFERENCE_GROUPS, ...WORKER_GROUPS, ...sloGroups()],
      ),
    ],
    ...dashboards().map((board) => [`infra/grafana/${board.uid}.json`, dashboardJson(board)] as const),
  ]);
}
