import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitoringFiles, REPOSITORY } from '@larder/infra/monitoring';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');

test.for([...monitoringFiles()])('%s is what `npm run monitoring` writes', ([path, text]) => {
  expect(read(path)).toBe(text);
});

test('every alert states its waiting time, its severity, what to do and where to read on', () => {
  for (const process of ['inference', 'worker']) {
    const alerts = read(`infra/prometheus/${process}.rules.yml`).split('- alert: ').slice(1);
    expect(alerts.length).toBeGreaterThan(2);
    for (const alert of alerts)
      expect(alert).toMatch(
        /expr: ".+"\n +for: \d+m\n +labels: .*severity.*\n +annotations:\n +summary: ".+"\n +runbook: ".+"\n/,
      );
  }
});
