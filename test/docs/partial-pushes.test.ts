import { resolve } from 'node:path';
import { loadProject } from '@larder/features';
import { expect, test } from 'vitest';

test('the project of the guide to partial pushes has the rules that it explains', async () => {
  const { manifest } = await loadProject(resolve(import.meta.dirname, 'snippets/partial-pushes.ts'));
  expect(manifest.feature_views['stock@1']?.partial_push).toEqual({
    pieces: 'keep',
    price: 'keep',
    promotion: 'null',
  });
});
