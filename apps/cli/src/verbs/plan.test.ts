import { randomBytes } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@larder/testing';
import pg from 'pg';
import { expect } from 'vitest';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

test('plan refuses what apply refuses', async ({ database }) => {
  const folder = copyShop();
  const env = { LARDER_PROJECT: join(folder, 'larder.config.ts'), LARDER_DATABASE_URL: database.url };
  const model = join(folder, 'models/ad_ctr');
  cpSync(model, join(folder, 'good'), { recursive: true });
  writeFileSync(join(model, 'model.onnx'), randomBytes(4_096));
  const garbage = await larder(['plan', '--json'], env);
  expect(garbage.code).toBe(1);
  expect(jsonOf(garbage)).toMatchObject({
    refusals: [
      { code: 'ARTIFACT_INVALID', subject: 'model ad_ctr', message: expect.stringContaining('onnx') },
    ],
  });
  cpSync(join(folder, 'good'), model, { recursive: true });
  expect(await larder(['plan'], env)).toMatchObject({ code: 0 });
  expect(await larder(['apply'], env)).toMatchObject({ code: 0 });

  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    `update larder.manifests set manifest = jsonb_set(manifest::jsonb, '{entities,visitor}', manifest::jsonb #> '{entities,ad}')::json`,
  );
  await client.end();
  const prune = await larder(['plan', '--prune'], env);
  expect(prune).toMatchObject({ code: 1, stdout: expect.stringContaining('refuses without --yes') });
  expect(await larder(['apply', '--prune'], env)).toMatchObject({ code: 1 });
  expect(await larder(['plan', '--prune', '--yes'], env)).toMatchObject({ code: 0 });
});

test('plan and apply tell of a freshness objective that the schedule cannot keep', async ({ database }) => {
  const config = join(copyShop(), 'larder.config.ts');
  const text = readFileSync(config, 'utf8');
  writeFileSync(
    config,
    text.replace("ttl: '7d',", "ttl: '7d',\n  schedule: '0 4 * * *',\n  freshness: '6h',"),
  );
  const env = { LARDER_PROJECT: config, LARDER_DATABASE_URL: database.url };
  const warning =
    'the freshness objective of view ad_stats@1 is 6h, and up to 1d pass between its scheduled runs: it will be stale before the next one';
  expect((await larder(['plan'], env)).stdout).toContain(`! ${warning}\n`);
  expect(jsonOf(await larder(['plan', '--json'], env))).toMatchObject({ warnings: [warning] });
  expect(await larder(['apply', '--yes'], env)).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`! ${warning}\n`),
  });
});
