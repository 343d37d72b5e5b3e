import { resolve } from 'node:path';
import { loadProject } from '@larder/features';
import { expect, test } from 'vitest';

test('the project of the guide to windows has the features that it names', async () => {
  const { manifest } = await loadProject(resolve(import.meta.dirname, 'snippets/windows.ts'));
  const names = manifest.feature_views['ad_stats@1']?.schema.map(({ name }) => name) ?? [];
  expect(names).toHaveLength(15);
  expect([names[0], names.at(-1)]).toEqual(['clicks_1h', 'visitors_7d']);
});
