import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { test } from '@larder/testing';
import { expect } from 'vitest';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

test('larder training-set build says which history gave no value, and builds again from a manifest', async ({
  database,
  redis,
}) => {
  const config = join(copyShop(), 'larder.config.ts');
  const folder = dirname(config);
  const env = {
    LARDER_PROJECT: config,
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: redis.url,
    LARDER_CONNECTION_SHOP_URL: database.url,
  };
  expect((await larder(['apply'], env)).code).toBe(0);
  const spine = join(folder, 'spine.csv');
  await writeFile(
    spine,
    'label,ad_id,event_timestamp\n1,ad-1,2026-03-10T12:00:00Z\n0,ad-2,2026-03-10T13:00:00Z\n',
  );
  const build = (name: string, ...args: readonly string[]) =>
    larder(['training-set', 'build', ...args, '--out', join(folder, name)], env);
  const features = ['--features', 'ad_stats', '--spine', spine];

  expect(await build('empty', ...features)).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(
      'No row of ad_stats@1 was known at any of these times: its history is empty. Fill it: larder backfill ad_stats\n',
    ),
  });
  await query(
    database.url,
    'create table shop_history.ad_stats_all partition of shop_history.ad_stats_v1 default',
  );
  const land = (ad: string, at: string): Promise<void> =>
    query(
      database.url,
      `insert into shop_history.ad_stats_v1
        (ad_id, event_timestamp, created_timestamp, revision, chunk_id, input_hash, clicks, click_rate)
      values ('${ad}', '${at}', '${at}', 1, 1, 0, 7, 0.5)`,
    );
  await land('ad-1', '2026-03-11T12:00:00Z');
  expect((await build('late', ...features)).stderr).toMatch(
    /ad_stats@1 was known at any of these times: its history begins at 2026-03-11 12:00:00.*\.$/m,
  );
  await land('ad-3', '2026-03-10T11:00:00Z');
  expect((await build('others', ...features)).stderr).toMatch(/, and it has none of these keys by then\.$/m);
  expect((await build('served', ...features, '--as-served')).stderr).toMatch(
    /No row of ad_stats@1 was online at .*, and the online store had none of these keys by then\.$/m,
  );

  await land('ad-1', '2026-03-10T11:00:00Z');
  const first = await build(
    'first',
    ...features,
    '--split',
    'group:ad_id:0.5,0.5',
    '--format',
    'csv',
    '--json',
  );
  expect(first).toMatchObject({ code: 0, stderr: expect.not.stringContaining('No row of') });
  const again = await build('again', '--from', join(folder, 'first/manifest.json'), '--json');
  expect(again.code).toBe(0);
  const { training_set_id: id, content_sha256: content } = jsonOf(first);
  expect(jsonOf(again)).toMatchObject({ again_of: id, content_sha256: content });
  for (const file of ['train.csv', 'test.csv'])
    expect(await readFile(join(folder, 'again', file), 'utf8')).toBe(
      await readFile(join(folder, 'first', file), 'utf8'),
    );
  const none = await build('none', '--from', spine, '--json');
  expect(jsonOf(none)).toMatchObject({ code: 'REQUEST_INVALID' });
});

async function query(databaseUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}
