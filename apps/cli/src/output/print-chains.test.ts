import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@larder/testing';
import { expect } from 'vitest';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

test('plan shows what a new view is computed after', async ({ database }) => {
  const folder = copyShop();
  const env = { LARDER_PROJECT: join(folder, 'larder.config.ts'), LARDER_DATABASE_URL: database.url };
  appendFileSync(
    env.LARDER_PROJECT,
    `
import { fromViews } from '@larder/sources';
export const rates = featureView('rates', {
  version: 1, entity: ad, ttl: '1d', source: fromViews([adStats.pick('click_rate')]), schema: { click_rate: f.float32() },
});
export const best = featureView('best', {
  version: 1, entity: ad, ttl: '1d', source: fromViews([rates]), schema: { click_rate: f.float32() },
});
`,
  );
  const { stdout } = await larder(['plan'], env);
  expect(stdout.split('\n').filter((line) => line.includes('→'))).toEqual([
    '  chain ad_stats@1 → rates@1',
    '  chain ad_stats@1 → rates@1 → best@1',
  ]);
  expect(jsonOf(await larder(['plan', '--json'], env))).toMatchObject({
    chains: [
      { view: 'rates@1', steps: [['ad_stats@1'], ['rates@1']] },
      { view: 'best@1', steps: [['ad_stats@1'], ['rates@1'], ['best@1']] },
    ],
  });
});
