import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '@larder/core/metrics';
import { expect, inject, test } from 'vitest';
import { PANELS, panelRules } from './panels.ts';
import { prometheusTools } from './prometheus-tools.ts';

const tools = prometheusTools();

test('every metric of the table has a panel, and panels name no other', () => {
  const text = PANELS.map(({ expr }) => expr).join('\n');
  const named = new Set(text.match(/\blarder_\w+/g)?.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  expect(named).toEqual(new Set(Object.keys(METRICS)));
});

test.skipIf(tools === null)('every query is valid', () => {
  const file = join(inject('testFolder'), 'panels.yml');
  writeFileSync(file, panelRules());
  const { status, stderr } = spawnSync(tools?.promtool ?? '', ['check', 'rules', file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
