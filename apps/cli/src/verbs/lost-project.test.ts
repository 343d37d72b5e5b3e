import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@larder/testing';
import pg from 'pg';
import { expect } from 'vitest';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

test('who is on call can roll back without the artifact folder, and while larder.config.ts is broken', async ({
  database,
  redis,
}) => {
  const folder = copyShop();
  const env = {
    LARDER_PROJECT: join(folder, 'larder.config.ts'),
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: redis.url,
  };
  expect(await larder(['apply'], env)).toMatchObject({ code: 0 });
  const work = async (options: readonly string[]) => {
    for (const verb of [['models'], ['ps'], ['runs'], ['views'], ['entities', 'ad']])
      expect(await larder([...verb, ...options], env), `larder ${verb.join(' ')}`).toMatchObject({ code: 0 });
    expect(jsonOf(await larder(['inspect', 'ad', 'ad-1', '--json', ...options], env))).toMatchObject({
      code: 'ENTITY_NOT_FOUND',
    });
    const promoted = ['promote', 'ad_ctr@1', '--yes', '--reason', 'again', '--wait', '0', '--json'];
    expect(await larder([...promoted, ...options], env)).toMatchObject({ code: 0 });
    expect(
      jsonOf(await larder(['rollback', 'ad_ctr', '--json', ...options], env)),
      'reaches the registry',
    ).toMatchObject({ detail: expect.stringContaining('ad_ctr') });
    const help = await larder(['predict', 'ad_ctr', '--help', ...options], env);
    expect(help.stdout).toContain('--ad_id');
  };

  rmSync(join(folder, 'models'), { recursive: true });
  await work([]);

  // the process has the module of the first file
  env.LARDER_PROJECT = join(folder, 'broken.config.ts');
  writeFileSync(env.LARDER_PROJECT, 'export default project(');
  await work([]);
  expect((await larder(['models'], env)).stderr).toContain('The only project that is applied is used: shop.');

  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    "insert into larder.manifests (project, manifest, changes, same_meaning, actor) values ('other', '{}', '[]', '{}', 'test')",
  );
  await client.end();
  expect(jsonOf(await larder(['rollback', 'ad_ctr', '--json'], env))).toMatchObject({
    code: 'PROJECT_NOT_LOADABLE',
    detail: expect.stringContaining('--project-name; applied are other, shop.'),
  });
  await work(['--project-name', 'shop']);
});
