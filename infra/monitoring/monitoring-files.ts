import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { INFERENCE_ALERTS } from './alerts/inference-alerts.ts';
import { WORKER_ALERTS } from './alerts/worker-alerts.ts';
import { referencePage } from './reference.ts';
import { rulesFile } from './rules.ts';

export const REPOSITORY = resolve(import.meta.dirname, '../..');

/** Every file that is written from the table of metrics: its path in the repository and its text. */
export function monitoringFiles(): ReadonlyMap<string, string> {
  const page = 'docs/reference/metrics.md';
  return new Map([
    [page, referencePage(readFileSync(resolve(REPOSITORY, page), 'utf8'))],
    [
      'infra/prometheus/inference.rules.yml',
      rulesFile(
        'Alerts on the inference service. Written by `npm run monitoring` from infra/monitoring/alerts; docs/reference/metrics.md has the metrics.',
        [{ name: 'larder-inference', rules: INFERENCE_ALERTS }],
      ),
    ],
    [
      'infra/prometheus/worker.rules.yml',
      rulesFile(
        'Alerts on the workers, scraped at LARDER_WORKER_METRICS_PORT; `job` is the name of your scrape job, here larder-worker.\nWritten by `npm run monitoring` from infra/monitoring/alerts; docs/reference/metrics.md has the metrics.',
        [{ name: 'larder-worker', rules: WORKER_ALERTS }],
      ),
    ],
  ]);
}
