import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LarderError } from '@larder/core';
import { definitionFingerprint, loadProject } from '@larder/features';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createComputePool } from '../compute-pool.ts';

/** Inside the repository, where the project finds its packages. */
const root = join(inject('testFolder'), 'lengths');
const configPath = join(root, 'larder.config.ts');

beforeAll(async () => {
  await mkdir(join(root, 'unit'), { recursive: true });
  await writeFile(join(root, 'unit/factor.txt'), '1');
  await writeFile(
    configPath,
    `import { artifact, computeWith, entity, f, featureView, project } from '@larder/features';
     import { sqlSource } from '@larder/sources';
     export default project('lengths');
     export const lengths = featureView('lengths', {
       version: 1,
       entity: entity('road', { road_id: f.string() }),
       ttl: 'forever',
       source: sqlSource({ connection: 'roads', query: 'select 1' }),
       compute: computeWith(import.meta.url, () => import('./length.ts'), { artifacts: { unit: artifact('unit') } }),
       schema: { length: f.float64() },
     });`,
  );
  await writeFile(
    join(root, 'length.ts'),
    `import { readFile } from 'node:fs/promises';
     async function createComputation({ artifactPaths }) {
       const factor = Number(await readFile(artifactPaths.unit + '/factor.txt', 'utf8'));
       return {
         compute: async (rows) => rows.map(({ metres }) => ({ values: { length: metres * factor } })),
         close: async () => {},
       };
     }
     export default { createComputation };`,
  );
});
afterAll(() => rm(root, { recursive: true }));

test('a thread computes with the folder of the hash, and asks again after a failure', async () => {
  const { manifest } = await loadProject(configPath);
  const definition = definitionFingerprint(manifest, 'lengths@1') ?? '';
  const feet = join(root, '.feet');
  await mkdir(feet);
  await writeFile(join(feet, 'factor.txt'), '3');
  // Neither the project's folder nor its loss matters.
  await rm(join(root, 'unit'), { recursive: true });
  const asked: string[] = [];
  const pool = createComputePool({
    configPath,
    threads: 1,
    logLevel: 'silent',
    batchTimeoutMs: 30_000,
    async artifactFolder(sha256) {
      asked.push(sha256);
      if (asked.length === 1) throw new LarderError('ARTIFACT_STORE_UNAVAILABLE', 'Not now.');
      if (sha256 === 'ffff') throw new Error('a defect');
      return feet;
    },
  });
  const compute = (unit: string) =>
    pool.compute({ viewRef: 'lengths@1', definition, artifacts: { unit }, rows: [{ metres: 2 }] });
  await expect(compute('aaaa')).rejects.toMatchObject({
    code: 'ARTIFACT_STORE_UNAVAILABLE',
    message: 'Not now.',
  });
  expect(await compute('aaaa')).toEqual([{ values: { length: 6 } }]);
  expect(await compute('aaaa')).toEqual([{ values: { length: 6 } }]);
  expect(asked).toEqual(['aaaa', 'aaaa']);
  await expect(compute('ffff')).rejects.toMatchObject({
    code: 'COMPUTATION_FAILED',
    message: expect.stringContaining('a defect'),
  });
  await pool.close();
});
