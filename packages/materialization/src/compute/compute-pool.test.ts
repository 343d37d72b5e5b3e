import { copyFile, mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, inject, test } from 'vitest';
import { definitionFingerprint, loadProject } from '@larder/features';
import { createComputePool } from './compute-pool.ts';

const FIXTURES = resolve(import.meta.dirname, '../../fixtures');

const none = (): Promise<string> => Promise.reject(new Error('No view here has an artifact.'));

test('a thread that could not load the project tries again', async () => {
  // Inside the repository, where the copy finds its packages.
  const folder = resolve(inject('testFolder'), 'half-copied');
  await mkdir(folder, { recursive: true });
  const configPath = resolve(folder, 'larder.config.ts');
  for (const name of ['larder.config.ts', 'words.ts', 'scores.ts', 'pace.ts'])
    await copyFile(resolve(FIXTURES, name), resolve(folder, name));
  const { manifest } = await loadProject(configPath);
  const batch = {
    viewRef: 'ad_words@1',
    definition: definitionFingerprint(manifest, 'ad_words@1') ?? '',
    artifacts: {},
    rows: [{ ad_id: 'a', body: 'two words' }],
  };
  await rm(resolve(folder, 'words.ts'));
  const pool = createComputePool({
    configPath,
    artifactFolder: none,
    threads: 1,
    logLevel: 'silent',
    batchTimeoutMs: 10_000,
  });
  await expect(pool.compute(batch)).rejects.toThrow(/words\.ts/);
  await copyFile(resolve(FIXTURES, 'words.ts'), resolve(folder, 'words.ts'));
  expect(await pool.compute(batch)).toMatchObject([{ values: { word_count: 2 } }]);
  await pool.close();
});
