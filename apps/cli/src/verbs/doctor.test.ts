import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shellWord } from '@larder/core';
import { connectRedis } from '@larder/online-store';
import { startRedisProxy, startTestRedis, test } from '@larder/testing';
import { describe, expect } from 'vitest';
import { readConfig } from '../config.ts';
import { checkClock } from '../doctor/check-clock.ts';
import { createOutput } from '../output/output.ts';
import { createSession } from '../session.ts';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

interface Check {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly mend: string | null;
}

const NOBODY_LISTENS = '127.0.0.1:1';

async function checked(
  name: string,
  { folder = copyShop(), ...env }: { folder?: string } & Record<string, string> = {},
): Promise<Check> {
  const project = join(folder, 'larder.config.ts');
  const result = await larder(['doctor', '--json'], { LARDER_PROJECT: project, ...env });
  const { ok, checks } = jsonOf(result) as unknown as { ok: boolean; checks: Check[] };
  expect([ok, result.code]).toEqual(checks.some(({ status }) => status === 'fail') ? [false, 1] : [true, 0]);
  const found = checks.find(({ check }) => check === name);
  if (found === undefined) throw new Error(`There is no check ${name}: ${JSON.stringify(checks)}`);
  return found;
}

describe('doctor finds, with the fix:', () => {
  test('a network behind a view that does not open', async () => {
    const folder = copyShop();
    const config = join(folder, 'larder.config.ts');
    mkdirSync(join(folder, 'models/encoder'));
    writeFileSync(join(folder, 'models/encoder/model.onnx'), 'random bytes');
    writeFileSync(
      config,
      `import { imageFeatures } from '@larder/extractors';\n${readFileSync(config, 'utf8')}
export const adImage = featureView('ad_image', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source: sqlSource({ connection: 'shop', query: 'select ad_id, image_url, updated_at as event_timestamp from ads' }),
  compute: imageFeatures({ encoder: artifact('models/encoder') }),
  schema: { embedding: f.vector(512), brightness: f.float32(), colourfulness: f.float32() },
});
`,
    );
    expect(await checked('computation of ad_image@1', { folder })).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('ARTIFACT_INVALID'),
      mend: expect.stringContaining('models/encoder'),
    });
  });

  test('no Redis at the address', async () => {
    expect(await checked('redis', { LARDER_REDIS_URL: `redis://${NOBODY_LISTENS}` })).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('ECONNREFUSED'),
      mend: expect.stringContaining('docker run'),
    });
  });

  test('a user of Redis without a command, and prints no password', async ({ redis }) => {
    const proxy = await startRedisProxy(redis.url);
    const as = (user: string) => proxy.url.replace('//', `//${user}@`);
    const admin = connectRedis(as('admin:admin'), { role: 'tool' });
    try {
      await admin.call('ACL', 'SETUSER', 'limited', 'on', '>hush-hush', '~larder:*', '-@all', '+exists');
      const found = await checked('redis', { LARDER_REDIS_URL: as('limited:hush-hush') });
      expect(found).toMatchObject({
        status: 'fail',
        detail: expect.stringMatching(/^REDIS_COMMAND_REFUSED: .*INFO/),
        mend: expect.stringContaining('infra/redis/users.acl'),
      });
      expect(JSON.stringify(found)).not.toContain('hush-hush');
    } finally {
      admin.disconnect();
      await proxy.close();
    }
  });

  test('stores that do not answer, without user or password of their addresses', async () => {
    const env = {
      LARDER_PROJECT: join(copyShop(), 'larder.config.ts'),
      LARDER_DATABASE_URL: `postgresql://someone:hush-hush@${NOBODY_LISTENS}/larder`,
      LARDER_REDIS_URL: `redis://someone:hush-hush@${NOBODY_LISTENS}`,
      LARDER_QUEUE_REDIS_URL: `redis://someone:hush-hush@${NOBODY_LISTENS}/1`,
    };
    for (const args of [['doctor'], ['doctor', '--json']]) {
      const { stdout, stderr } = await larder(args, env);
      expect(stdout).toContain('queue redis');
      expect(stdout + stderr).not.toMatch(/hush-hush|someone/);
    }
  });

  test('a folder that cannot keep receipts of erasures', async ({ database }) => {
    const folder = copyShop();
    const at = (path: string) =>
      checked('receipts', { folder, LARDER_DATABASE_URL: database.url, LARDER_RECEIPTS_URL: path });
    expect(await at(join(folder, 'not-mounted'))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('RECEIPTS_UNAVAILABLE'),
      mend: expect.stringContaining('larder forget is refused'),
    });
    expect(await at(folder)).toMatchObject({ status: 'ok' });
  });

  test('a Redis that evicts', async () => {
    const redis = await startTestRedis({ 'maxmemory-policy': 'allkeys-lru' });
    try {
      expect(await checked('redis', { LARDER_REDIS_URL: redis.url })).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining('allkeys-lru'),
        mend: expect.stringContaining(
          `Run: redis-cli -s ${shellWord(decodeURIComponent(new URL(redis.url).pathname))} CONFIG SET maxmemory-policy noeviction`,
        ),
      });
    } finally {
      await redis.stop();
    }
  });

  test('no PostgreSQL at the address, no such database, a user that is refused', async ({ database }) => {
    const at = (url: string) => checked('database', { LARDER_DATABASE_URL: url });
    expect(await at(`postgresql://${NOBODY_LISTENS}/larder`)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('DATABASE_UNAVAILABLE: PostgreSQL does not answer'),
      mend: expect.stringContaining('export LARDER_DATABASE_URL='),
    });
    expect(await at(database.url.replace(/\/\w+\?/, '/nowhere?'))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('createdb NAME'),
    });
    expect(await at(database.url.replace('postgres@', 'stranger@'))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('refuses the user or the password'),
    });
  });

  test('a source without address, one that does not answer, a query that does not fit', async ({
    database,
  }) => {
    const source = 'source of ad_stats@1';
    expect(await checked(source)).toMatchObject({
      status: 'warn',
      mend: expect.stringContaining('export LARDER_CONNECTION_SHOP_URL=postgresql://'),
    });
    expect(
      await checked(source, { LARDER_CONNECTION_SHOP_URL: `postgresql://${NOBODY_LISTENS}/shop` }),
    ).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('SOURCE_UNAVAILABLE'),
      mend: expect.stringContaining('LARDER_CONNECTION_SHOP_URL'),
    });
    expect(await checked(source, { LARDER_CONNECTION_SHOP_URL: database.url })).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('relation "ads" does not exist'),
      mend: expect.stringContaining('larder.config.ts'),
    });
  });

  test('a windowed view follows events, and the query of their past is checked', async ({ database }) => {
    const folder = copyShop();
    const path = join(folder, 'larder.config.ts');
    const events = `
export const clicks = eventSource('clicks', {
  schema: { ad_id: f.string() },
  backfill: sqlSource({ connection: 'shop', query: 'select * from no_clicks' }),
});
export const adHours = windowedFeatureView('ad_hours', {
  version: 1, entity: ad, source: clicks, windows: ['1h'], aggregates: { clicks: count() },
});
`;
    const config = readFileSync(path, 'utf8').replace(
      'import {',
      'import { count, eventSource, windowedFeatureView,',
    );
    writeFileSync(path, config + events);
    const own = { folder, LARDER_CONNECTION_SHOP_URL: database.url };
    expect(await checked('source of ad_hours@1', own)).toMatchObject({
      status: 'ok',
      detail: 'follows the events of clicks',
    });
    expect(await checked('backfill of clicks', own)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('relation "no_clicks" does not exist'),
    });
  });

  test('a folder that is not there, and one without a file', async () => {
    const folder = copyShop();
    await larder(['init', join(folder, 'own')]);
    const own = { folder: join(folder, 'own') };
    const source = 'source of picture_light@1';
    expect(await checked(source, own)).toMatchObject({ status: 'ok', detail: '3 files in pictures' });
    for (const name of ['blue', 'green', 'yellow']) rmSync(join(own.folder, `pictures/${name}.png`));
    expect(await checked(source, own)).toMatchObject({
      status: 'warn',
      detail: 'the folder pictures has no file of .jpeg, .jpg, .png, .webp',
    });
    rmSync(join(own.folder, 'pictures'), { recursive: true });
    expect(await checked(source, own)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('does not exist'),
    });
  });

  test('a model whose metadata names other features', async () => {
    const folder = copyShop();
    const config = join(folder, 'larder.config.ts');
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, text.replace("pick('click_rate', 'shape')", "pick('shape', 'click_rate')"));
    expect(await checked('model ad_ctr', { folder })).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('MODEL_SIGNATURE_MISMATCH'),
      mend: expect.stringContaining("model('ad_ctr')"),
    });
  });

  test('files that are older than what is applied', async ({ database }) => {
    const folder = copyShop();
    const config = join(folder, 'larder.config.ts');
    const env = { LARDER_DATABASE_URL: database.url };
    const apply = () => larder(['apply', '--same-meaning', '--yes'], { ...env, LARDER_PROJECT: config });
    const old = readFileSync(config, 'utf8');
    expect((await apply()).code).toBe(0);
    writeFileSync(config, old.replace('Math.log(bid)', '3 * Math.log(bid)'));
    expect((await apply()).code).toBe(0);
    writeFileSync(config, old);
    expect(await checked('applied', { folder, ...env })).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/looks older than manifest \d+, which .+ applied on 20.+ UTC: it equals/),
      mend: expect.not.stringContaining('larder apply'),
    });
  });

  test('a clock that is off', async ({ database, redis }) => {
    const { stdout, stderr } = process;
    const out = createOutput({ json: true, colours: false, columns: 80, stdout, stderr });
    const env = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
    const session = createSession({
      config: readConfig({ project: join(copyShop(), 'larder.config.ts') }, env),
      out,
      signal: new AbortController().signal,
    });
    const statuses = async (offMs: number) =>
      (await checkClock(session, { nowMs: () => Date.now() + offMs })).map(({ check, status }) => [
        check,
        status,
      ]);
    try {
      expect(await statuses(0)).toEqual([
        ['clock postgresql', 'ok'],
        ['clock redis', 'ok'],
      ]);
      expect(await statuses(5_000)).toEqual([
        ['clock postgresql', 'warn'],
        ['clock redis', 'warn'],
      ]);
      expect(await statuses(-90_000)).toEqual([
        ['clock postgresql', 'fail'],
        ['clock redis', 'fail'],
      ]);
      const [ahead] = await checkClock(session, { nowMs: () => Date.now() - 90_000 });
      expect(ahead).toMatchObject({
        detail: expect.stringMatching(/(?:89\.\d|90\.0) s ahead of/),
        mend: expect.stringContaining('timedatectl'),
      });
    } finally {
      await session.close();
    }
  });
});

test('a command in a folder without a project says which projects there are', async () => {
  const folder = copyShop();
  const project = join(folder, '..', 'larder.config.ts');
  const result = await larder(['plan', '--json'], { LARDER_PROJECT: project });
  expect(result.code).toBe(1);
  expect(jsonOf(result)).toMatchObject({
    code: 'PROJECT_NOT_FOUND',
    detail: expect.stringMatching(/Use --project (?:'[^']+|\S+)larder\.config\.ts'?, or/),
  });
});
