import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS, PROCESS_METRICS, type MetricDefinition, type MetricProcess } from '@larder/core/metrics';
import { monitoringFiles, REPOSITORY } from '@larder/infra/monitoring';
import { expect, test as plain } from 'vitest';
import { call, test } from '../e2e/ads-stack.ts';
import { scrape, type Scrape } from './scrape.ts';

const TABLE: [string, MetricDefinition][] = Object.entries(METRICS);
const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');

plain.for([...monitoringFiles()])('%s is what `npm run monitoring` writes', ([path, text]) => {
  expect(read(path)).toBe(text);
});

function holdTogether(process: MetricProcess, metrics: Scrape): void {
  const own = [...metrics].filter(([name]) => name.startsWith('larder_'));
  expect(Object.fromEntries(own.map(([name, { type }]) => [name, type]))).toEqual(
    Object.fromEntries(
      TABLE.filter(([, { by }]) => by.includes(process)).map(([name, { type }]) => [name, type]),
    ),
  );
  const seen = own.filter(([, { labels }]) => labels.size > 0);
  expect(seen.length).toBeGreaterThan(0);
  expect(Object.fromEntries(seen.map(([name, { labels }]) => [name, labels]))).toEqual(
    Object.fromEntries(
      seen.map(([name]) => [name, new Set(Object.keys(METRICS[name as keyof typeof METRICS].labels))]),
    ),
  );
  expect([...metrics.keys()]).toEqual(
    expect.arrayContaining(PROCESS_METRICS.map((name) => name.replace(/_(sum|count)$/, ''))),
  );
}

test('service and worker export exactly the metrics of the table', async ({ stack }) => {
  const answer = await call<{ prediction_id: string }>(`${stack.inferenceUrl}/v1/models/ad_ctr/predict`, {
    entities: { ad_id: 'ad-1' },
    request: { requested_at: '2026-11-20T09:30:00Z', placement: 'feed', bid: 1 },
  });
  expect(answer.prediction_id).not.toBe('');
  holdTogether('inference', (await scrape(stack.inferenceUrl)).metrics);
  holdTogether('worker', (await scrape(stack.workerUrl)).metrics);
});

plain('every alert states its waiting time, its severity, what to do and where to read on', () => {
  for (const process of ['inference', 'worker']) {
    const alerts = read(`infra/prometheus/${process}.rules.yml`).split('- alert: ').slice(1);
    expect(alerts.length).toBeGreaterThan(2);
    for (const alert of alerts)
      expect(alert).toMatch(
        /expr: ".+"\n +for: \d+m\n +labels: .*severity.*\n +annotations:\n +summary: ".+"\n +runbook: ".+"\n/,
      );
  }
});
