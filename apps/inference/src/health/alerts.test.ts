import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { test } from '../testing/inference-test.ts';
import { body } from '../testing/ads.ts';

const REPOSITORY = join(import.meta.dirname, '../../../..');
const read = (path: string) => readFile(join(REPOSITORY, path), 'utf8');
const metricNames = (text: string) => new Set(text.match(/\b(?:larder|nodejs|process)_[a-z_]+/g));

test('every metric of the alert rules exists in a scrape and in the reference', async ({ service }) => {
  await service.http.post('/v1/models/ad_ctr/predict', body('ad-1'));
  const scraped = metricNames((await service.http.get('/metrics')).text);
  const documented = metricNames(await read('docs/reference/http.md'));
  const rules = await read('infra/prometheus/inference.rules.yml');
  const asked = metricNames([...rules.matchAll(/^ +expr: (.+)$/gm)].map(([, expr]) => expr).join('\n'));
  expect(asked.size).toBeGreaterThan(4);
  for (const name of asked) {
    expect(scraped).toContain(name);
    expect(documented).toContain(name);
  }
});

test('every alert states its waiting time, its severity and what to do', async () => {
  const rules = await read('infra/prometheus/inference.rules.yml');
  const alerts = rules.split('- alert: ').slice(1);
  expect(alerts.length).toBeGreaterThan(4);
  for (const alert of alerts)
    expect(alert).toMatch(/expr: .+\n +for: \d+m\n +labels: .*severity.*\n +annotations:\n +summary: .+\n/);
});
