import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { announceProcess, createOfflineStore, migrate } from '@larder/offline-store';
import { test } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

const logger = createLogger('test', { level: 'silent' });

test('larder ps says who runs, what it computes or serves, and what is missing', async ({ database }) => {
  const env = { LARDER_PROJECT: join(copyShop(), 'larder.config.ts'), LARDER_DATABASE_URL: database.url };
  const store = createOfflineStore({ databaseUrl: database.url, logger });
  await migrate(store);
  onTestFinished(() => store.close());
  const nobody = await larder(['ps'], env);
  expect(nobody.code).toBe(0);
  expect(nobody.stdout).toMatch(/No worker runs.*\n.*No inference process runs/);

  const reads = ['ad_words@1'];
  const models = [
    { model: 'ctr', version: 3, ready: true, reads },
    { model: 'new', version: null, ready: false, reads: [] },
    { model: 'warm', version: 4, ready: false, reads: [] },
    {
      model: 'two',
      version: 6,
      ready: false,
      reads: [],
      aliases: [
        { alias: 'champion', move_id: 12, problem: { move_id: 13, version: 7, reason: 'ARTIFACT_INVALID' } },
        { alias: 'shadow', move_id: 11, problem: null },
      ],
    },
    { model: 'two', version: 5, ready: true, reads: [], aliases: [] },
  ];
  await store.pool.query(`
    with applied as (
      insert into larder.manifests (project, manifest, changes, same_meaning, actor)
      values ('shop', '{}', '[]', '{}', 'test') returning id)
    insert into larder.model_versions (project, model, version, inputs, outputs, artifact_path, artifact_sha256, manifest_id)
    select 'shop', 'warm', 5, '[]', '[]', 'warm.onnx', 'a', id from applied`);
  const views = [{ view: 'ad_words', version: 2, fingerprint: 'f' }];
  const running = [
    announceProcess(
      store,
      { processId: 'w', project: 'shop', role: 'worker', describe: () => ({ views }), slots: 4 },
      { logger },
    ),
    announceProcess(
      store,
      { processId: 'i', project: 'shop', role: 'inference', describe: () => ({ models }) },
      { logger },
    ),
  ];
  const json = async (...args: string[]) => jsonOf(await larder(['ps', '--json', ...args], env));
  await expect.poll(() => json()).toMatchObject({ processes: [{ process_id: 'w' }, { process_id: 'i' }] });
  const { stdout } = await larder(['ps'], env);
  expect(stdout).toMatch(/^worker .* 4  ad_words@2$/m);
  expect(stdout).toMatch(
    /^inference .* ctr version 3, new \(not loaded\), warm version 4 \(applied version 5 is not loaded\), two version 6 \(champion: version 7 cannot be served; shadow\), two version 5$/m,
  );
  expect(stdout).not.toContain('No worker runs');
  expect(await json('--reads', 'ad_words@1')).toMatchObject({ processes: [{ process_id: 'i' }] });
  expect(await json('--computes', 'ad_words@2')).toMatchObject({ processes: [{ process_id: 'w' }] });
  expect((await larder(['ps', '--computes', 'ad_words@1'], env)).stdout).toBe(
    'No worker has the code of ad_words@1.\n',
  );
  const filtered = await larder(['ps', '--reads', 'ad_words@1'], env);
  expect(filtered.stdout).toMatch(/^inference /m);
  expect(filtered.stdout).not.toContain('No worker');
  expect(await json('--computes', 'ad_words@2', '--reads', 'ad_words@1')).toMatchObject({
    processes: [{ process_id: 'w' }, { process_id: 'i' }],
  });
  const half = await larder(['ps', '--computes', 'ad_words@2', '--reads', 'ad_words@2'], env);
  expect(half.stdout).toMatch(/^worker .*\nNo inference process reads ad_words@2\.\n$/m);
  expect((await larder(['ps', '--reads', 'ad_words'], env)).code).toBe(2);
  for (const process of running) await process.close();
  expect(await json()).toEqual({ processes: [] });
});
