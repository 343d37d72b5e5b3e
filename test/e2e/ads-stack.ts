import { mkdtempSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { badPicture, demoAds, drawPictures, seedAds, startScript } from '@larder/example-ads';
import { startStack } from '@larder/infra/stack';
import { test as base } from '@larder/testing';
import pg from 'pg';
import { inject } from 'vitest';

/** Enough ads that a backfill can be caught in the middle; one picture cannot be read. */
export const ADS = demoAds().slice(0, 80);
export const BAD_ADS = ADS.filter(({ adId }) => badPicture(adId) !== null).map(({ adId }) => adId);

/** `test` with the advertising example running on the test's own stores: feed, service and worker are separate processes. */
export const test = base
  .extend('feed', { scope: 'file' }, async ({}, { onCleanup }) => {
    // One for each file: two files that run at once have two stacks.
    const folder = mkdtempSync(join(inject('testFolder'), 'ads-'));
    await drawPictures({ folder, ads: ADS });
    const feed = await startScript('feed-process.ts', ['--folder', folder], folder);
    onCleanup(() => feed.stop());
    return { url: feed.url, folder };
  })
  .extend('stack', { scope: 'file' }, async ({ database, redis, feed }, { onCleanup }) => {
    await seedAds({ databaseUrl: database.url, feedUrl: feed.url, ads: ADS });
    const stack = await startStack({
      project: resolve(import.meta.dirname, '../../examples/ads/larder.config.ts'),
      root: feed.folder,
      databaseUrl: database.url,
      redisUrl: redis.url,
      port: 26_570,
      env: { LARDER_CONNECTION_ADS_URL: database.url, LARDER_WORKER_SLOTS: '2' },
    });
    onCleanup(() => stack.stop());
    return stack;
  })
  .extend('pool', { scope: 'file' }, async ({ database }, { onCleanup }) => {
    const pool = new pg.Pool({ connectionString: database.url, max: 2 });
    onCleanup(() => pool.end());
    return pool;
  });

export async function call<Answer>(url: string, body?: object): Promise<Answer> {
  const answer = await fetch(url, {
    ...(body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}
