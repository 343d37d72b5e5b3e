import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { CONFIG_PATH, test, type Shop } from '@larder/materialization/fixtures';
import { expect, inject } from 'vitest';
import { runProgram } from '../program.ts';

async function larder(shop: Shop, ...argv: readonly string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const stores = ['--project', CONFIG_PATH, '--database-url', shop.databaseUrl, '--redis-url', shop.redisUrl];
  const { signal } = new AbortController();
  const code = await runProgram({ argv: [...argv, ...stores], stdout, stderr, signal });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

async function fileOf(name: string, row: object): Promise<string> {
  const path = join(inject('testFolder'), name);
  await writeFile(path, JSON.stringify(row));
  return path;
}

test('an entity without join keys is named by itself', async ({ shop }) => {
  await shop.sql(`insert into moods values (0.5, now() - interval '1 minute')`);
  shop.materializer();
  const empty = await larder(shop, 'inspect', 'everywhere');
  expect(empty.code).toBe(1);
  expect(empty.err).toContain('holds nothing for everywhere:');
  expect(empty.err).toContain('market@1: Nothing of market@1 was computed or pushed yet.');

  const now = new Date().toISOString();
  const visit = { article_id: 'x', kind: 'impression', clicks: 2, visitor: 'v' };
  const events = await fileOf('events.json', { event_id: 'e', event_timestamp: now, ...visit });
  for (const argv of [
    ['backfill', 'market', '--entity', 'everywhere'],
    ['push', 'market', await fileOf('rows.json', { event_timestamp: now, mood: 0.75 })],
    ['push', 'visits', events],
    ['backfill', 'traffic', '--entity', 'everywhere'],
    ['backfill', 'outlook', '--missing'],
  ])
    expect(await larder(shop, ...argv)).toMatchObject({ code: 0 });
  for (const key of [[], ['everywhere']]) {
    const { out } = await larder(shop, 'inspect', 'everywhere', ...key, '--json');
    const { views } = JSON.parse(out) as { views: { ref: string; values: unknown }[] };
    expect(Object.fromEntries(views.map(({ ref, values }) => [ref, values]))).toMatchObject({
      'market@1': { mood: 0.75 },
      'outlook@1': { mood: 0.75, clicks_1h: 2 },
      'traffic@1': { clicks_1h: 2, visitors_1h: 1 },
    });
  }
  expect((await larder(shop, 'entities', 'everywhere')).out).toBe('everywhere\n');
  expect((await larder(shop, 'inspect', 'everywhere', 'elsewhere')).err).toContain(
    "its one key is 'everywhere', which may be left out",
  );
  for (const key of [[], ['everywhere']])
    expect((await larder(shop, 'forget', 'everywhere', ...key, '--yes')).err).toContain(
      'there is no key to forget',
    );
});
