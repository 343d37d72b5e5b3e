import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createWorkerMetrics } from './worker-metrics.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

async function metricNames(): Promise<Set<string | undefined>> {
  const text = await createWorkerMetrics().render();
  return new Set([...text.matchAll(/^# TYPE (larder_\w+)/gm)].map(([, name]) => name));
}

test('http.md lists the metrics of the worker, and no other', async () => {
  const [, section = ''] =
    /^## Metrics of the worker\n([^]*?)^(?:## |Both processes)/m.exec(read('docs/reference/http.md')) ?? [];
  const listed = [...section.matchAll(/^\| `(larder_\w+)` \|/gm)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(await metricNames());
});

test('the alert rules of the worker use its metrics, and say what to do', async () => {
  const alerts = read('infra/prometheus/worker.rules.yml').split('- alert: ').slice(1);
  expect(alerts.length).toBeGreaterThan(2);
  const names = await metricNames();
  for (const alert of alerts) {
    const [, expression = ''] =
      /expr: (.+)\n +for: \d+m\n +labels: .*severity.*\n +annotations:\n +summary: .+\n/.exec(alert) ?? [];
    expect(expression).not.toBe('');
    for (const [name] of expression.matchAll(/larder_\w+/g)) expect(names).toContain(name);
  }
});
