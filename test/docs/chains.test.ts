import { resolve } from 'node:path';
import { chainSteps, loadProject } from '@larder/features';
import { expect, test } from 'vitest';

test('the project of the guide to chains has the order that it names', async () => {
  const { manifest } = await loadProject(resolve(import.meta.dirname, 'snippets/chains.ts'));
  expect(chainSteps(manifest, { name: 'ad_offer', version: 1 })).toEqual([
    ['ad_text@1', 'ad_price@1'],
    ['ad_offer@1'],
  ]);
  expect(chainSteps(manifest, { name: 'ad_pulse', version: 1 })).toEqual([
    ['ad_text@1', 'ad_stats@1'],
    ['ad_pulse@1'],
  ]);
});
