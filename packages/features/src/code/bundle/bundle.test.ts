import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadProject } from '../../project/load-project.ts';
import { importBundle } from './import-bundle.ts';

const ADS = join(import.meta.dirname, '../../fixtures/ads/larder.config.ts');

test('the bundle of an on-demand function gives what the loaded function gives', async () => {
  const project = await loadProject(ADS);
  const text = (await project.code.onDemand.get('moment')?.bundle()) ?? '';
  const { compute } = await importBundle(text);
  const given = { request: { requested_at: new Date(1e12) }, features: {} };
  expect(compute(given)).toEqual(project.onDemandFeatureViews.get('moment')?.compute(given as never));
  expect(text.length).toBeLessThan(2_000);
});
