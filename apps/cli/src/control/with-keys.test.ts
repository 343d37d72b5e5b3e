import { createKey, revokeKey } from '@larder/access';
import { actingAs, createLogger } from '@larder/core';
import { createOfflineStore } from '@larder/offline-store';
import { expect, onTestFinished } from 'vitest';
import { jsonOf, larder } from '../../fixtures/run-cli.ts';
import { test } from '../../fixtures/served-shop.ts';

const BY = { actor: 'test', granted: null };
const PATIENCE = { timeout: 150_000 };

test('a key decides what a verb may do', async ({ served, database }) => {
  const { url } = await served.locked();
  const store = createOfflineStore({
    databaseUrl: database.url,
    logger: createLogger('test', { level: 'silent' }),
  });
  onTestFinished(() => store.close());
  const keyOf = async (role: string) =>
    actingAs({ actor: 'test' }, () =>
      createKey(store, { project: 'shop', name: role, role, scopes: [], rate: null, by: BY }),
    );
  const engineer = await keyOf('engineer');
  const operator = await keyOf('operator');
  const ask = (line: string, apiKey?: string) =>
    larder(line.split(' '), {
      LARDER_PROJECT: 'nowhere/larder.config.ts',
      LARDER_URL: url,
      ...(apiKey !== undefined && { LARDER_API_KEY: apiKey }),
    });

  const backfill = await ask('backfill ad_stats --entity ad-1 --force --json', engineer.text);
  expect({ code: backfill.code, ...jsonOf(backfill) }).toMatchObject({ code: 0, status: 'succeeded' });
  const refused = await ask('promote ad_ctr@1 --reason why', engineer.text);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/SCOPE_MISSING.*models:promote.*larder api-keys create/s);
  const promoted = await ask('promote ad_ctr@1 --reason why --yes --json', operator.text);
  expect({ code: promoted.code, ...jsonOf(promoted) }).toMatchObject({
    code: 0,
    version: 1,
    actor: expect.stringContaining('operator') as string,
  });

  const caller = await keyOf('caller');
  const inputs = 'ad_ctr --ad_id ad-1 --requested_at 2026-11-20T09:30:00Z --bid 1 --features';
  const predicted = await ask(`predict ${inputs}`, caller.text);
  expect(predicted).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('ad_stats@1:click_rate') as string,
  });
  expect((await ask('predict ad_ctr --help', caller.text)).stdout).toContain('--requested_at');
  expect((await ask('models', caller.text)).stderr).toMatch(/SCOPE_MISSING.*registry:read/s);

  const nobody = await ask('runs');
  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('Set LARDER_API_KEY') as string });
  expect((await ask('runs', 'lrd_made_up')).stderr).toContain('LARDER_API_KEY is not in force');
  await actingAs({ actor: 'test' }, () =>
    revokeKey(store, { project: 'shop', keyId: engineer.key.keyId, actor: 'test' }),
  );
  await expect.poll(async () => (await ask('runs', engineer.text)).code, PATIENCE).toBe(1);
  expect((await ask('runs', engineer.text)).stderr).toContain('KEY_REQUIRED');
});
