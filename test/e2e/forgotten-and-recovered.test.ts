import { randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import { createLogger, systemClock } from '@larder/core';
import { loadProject } from '@larder/features';
import { CONFIG_PATH } from '@larder/materialization/fixtures';
import { pushRows } from '@larder/materialization/push';
import { createOfflineStore, migrate, projectKeyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore } from '@larder/online-store';
import { applyManifest } from '@larder/registry';
import { test } from '@larder/testing';
import { expect, inject, onTestFinished } from 'vitest';
import { jsonOf, larder } from '../../apps/cli/fixtures/run-cli.ts';
import { startS3Server } from '../../packages/registry/src/testing/s3-server.ts';
import { startArchivedPostgres } from '../recovery/archived-postgres.ts';

test('whoever was forgotten after the time that PostgreSQL is recovered to is erased again, though Redis is lost, by receipts in a bucket', async ({
  redis: { url: redisUrl },
}) => {
  const root = join(inject('testFolder'), '../..');
  const name = `${basename(inject('testFolder'))}/forgotten-${randomBytes(3).toString('hex')}`;
  const postgres = await startArchivedPostgres(root, name);
  onTestFinished(() => postgres.stop());
  const s3 = await startS3Server(join(inject('testFolder'), `s3-${randomBytes(3).toString('hex')}`));
  onTestFinished(() => s3.stop());
  const redis = connectRedis(redisUrl, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  const run = (verb: readonly string[], receipts: Record<string, string> = { LARDER_RECEIPTS_URL: s3.url }) =>
    larder([...verb, '--json', '--project', CONFIG_PATH], {
      LARDER_DATABASE_URL: postgres.url('postgres'),
      LARDER_REDIS_URL: redisUrl,
      ...receipts,
    });
  const online = async () => (await redis.keys('larder:shop:{article:*')).toSorted();

  const { manifest } = await loadProject(CONFIG_PATH);
  const logger = createLogger('test', { level: 'silent' });
  const offlineStore = createOfflineStore({ databaseUrl: postgres.url('postgres'), logger });
  await migrate(offlineStore);
  await applyManifest(offlineStore, manifest, { actor: 'test' });
  const keyHasher = () => projectKeyHasher(offlineStore, 'shop');
  const onlineStore = createOnlineStore({ redis, project: 'shop', keyHasher });
  const row = (id: string) => ({
    article_id: id,
    event_timestamp: new Date().toISOString(),
    price: 1,
    pieces: 1,
    place: 'p',
    sizes: [1, 2],
  });
  await pushRows(
    { offlineStore, onlineStore, logger, clock: systemClock },
    { manifest, view: 'stock', rows: ['a', 'b'].map(row) },
  );
  await offlineStore.close();

  await postgres.backUp();
  const target = await postgres.now();
  expect(await run(['forget', 'article', 'a', '--yes'])).toMatchObject({ code: 0 });
  expect(await online()).toEqual(['larder:shop:{article:b}']);
  await postgres.recoverTo(target);
  await redis.flushall();
  expect(jsonOf(await run(['restore'], {}))).toMatchObject({ tombstones: 0 });
  expect(await online()).toEqual(['larder:shop:{article:a}', 'larder:shop:{article:b}']);
  expect(jsonOf(await run(['restore', '--authoritative']))).toMatchObject({
    jumped: true,
    receipts_read: 1,
    erasures_replayed: 1,
    erased_again: 1,
  });
  expect(await online()).toEqual(['larder:shop:{article:b}']);
});
