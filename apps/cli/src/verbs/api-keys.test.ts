import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { createOfflineStore, migrate } from '@larder/offline-store';
import { test } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

test('larder api-keys creates the first key, lists, rotates and revokes', async ({ database }) => {
  const env = { LARDER_PROJECT: join(copyShop(), 'larder.config.ts'), LARDER_DATABASE_URL: database.url };
  const store = createOfflineStore({
    databaseUrl: database.url,
    logger: createLogger('test', { level: 'silent' }),
  });
  await migrate(store);
  onTestFinished(() => store.close());
  const run = (...args: string[]) => larder(['api-keys', ...args], env);

  const created = await run('create', 'ada', '--role', 'admin', '--expires', 'forever');
  expect(created).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^lrd_live_\w{10}_\w{43}_\w{6}\n$/),
    stderr: expect.stringContaining('It never expires.'),
  });
  const bound = await run(
    'create',
    'shop',
    '--scope',
    'predict:ad_ctr',
    'push:ad_stats',
    '--rate',
    '500/s',
    '--json',
  );
  expect(jsonOf(bound)).toMatchObject({
    scopes: ['predict:ad_ctr', 'push:ad_stats'],
    rate: '500/s',
    key: expect.stringMatching(/^lrd_live_/),
    created_by: expect.stringContaining('@'),
  });
  const { id } = jsonOf(bound) as { id: string };
  expect((await run('list')).stdout).toMatch(/shop +predict:ad_ctr, push:ad_stats +500\/s +in_force/);

  const rotated = jsonOf(await run('rotate', id, '--overlap', '36h', '--json'));
  expect(rotated).toMatchObject({
    id,
    secrets: [{ expires_at: null }, { expires_at: expect.any(String) }],
  });
  expect((await run('list')).stdout).toContain('in_force, being rotated');
  expect((await run('revoke', id)).stdout).toBe(`${id} shop is revoked.\n`);
  expect((await run('list')).stdout).not.toContain('shop');
  expect(jsonOf(await run('list', '--all', '--json'))).toMatchObject({
    api_keys: [{ id, status: 'revoked' }, { name: 'ada' }],
  });

  expect(await run('rotate', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('revoked') });
  for (const [wrong, said] of [
    [['create', 'x'], 'a role or at least one scope'],
    [['create', 'x', '--scope', 'inspekt'], "'inspekt' is not a scope"],
    [['create', '--role', 'admin'], 'WHICH is missing'],
    [['create', 'x', '--role', 'admin', '--expires', 'soon'], "--expires must be a duration such as '90d'"],
    [['create', 'x', '--role', 'boss'], "'boss' is not a role; roles are caller, engineer, operator, admin"],
    [['rotate', id, '--overlap', 'soon'], "--overlap must be a duration such as '36h', or 'none'"],
    [['erase'], 'must be create, list, rotate, revoke'],
  ] as const)
    expect(await run(...wrong)).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
});

test('serve and worker beyond this machine without keys: exit code 2, with the ways out', async ({
  database,
  redis,
}) => {
  const env = {
    LARDER_PROJECT: join(copyShop(), 'larder.config.ts'),
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: redis.url,
    LARDER_HOST: '0.0.0.0',
  };
  for (const verb of ['serve', 'worker', 'up']) {
    const { code, stderr } = await larder([verb], env);
    expect({ verb, code }).toEqual({ verb, code: 2 });
    expect(stderr).toMatch(/LARDER_AUTH=keys[^]*larder api-keys create[^]*--insecure/);
  }
});
