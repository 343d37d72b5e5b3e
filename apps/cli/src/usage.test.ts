import { join } from 'node:path';
import { test } from '@larder/testing';
import { describe, expect } from 'vitest';
import { copyShop, jsonOf, larder as runLarder, runCli } from '../fixtures/run-cli.ts';

const folder = copyShop();
const larder = (args: string, env: Record<string, string> = {}) =>
  runLarder(args === '' ? [] : args.split(' '), { LARDER_PROJECT: join(folder, 'larder.config.ts'), ...env });

describe('exit code 2, wrong usage', () => {
  test.for([
    ['bogus', "Unknown command 'bogus'"],
    ['help nope', "Unknown command 'nope'"],
    ['backfil ad_stats', 'backfill'],
    ['entities', "'entity'"],
    ['keys ad', 'larder entities ENTITY'],
    ['keys', 'larder api-keys'],
    ['entities ad more', 'Too many arguments'],
    ['entities ad --limit 0', '--limit'],
    ['runs --status done', '--status'],
    ['backfill ad_stats --from yesterday --to 2026-11-20T00:00:00Z', '--from'],
    ['inspect ad ad-1 --redis-url nonsense', '--redis-url'],
    ['entities ad --colour', '--colour'],
  ] as const)('larder %s', async ([args, said]) => {
    // addresses that must not be contacted: wrong usage is detected before
    const stores = {
      LARDER_DATABASE_URL: 'postgresql://larder@127.0.0.1:1/larder',
      LARDER_REDIS_URL: 'redis://127.0.0.1:1',
    };
    const result = await larder(`${args} --json`, stores);
    expect(result.code).toBe(2);
    expect(jsonOf(result)).toMatchObject({
      detail: expect.stringContaining(said),
      status: expect.any(Number),
    });
  });

  test('names every wrong and unknown setting at once', async () => {
    const wrong = await larder('entities ad', {
      LARDER_PORT: 'none',
      LARDER_WORKER_SLOTS: '257',
      LARDER_PROJEKT: 'x',
      LARDER_CONNECTION_SHOP_URL: 'mysql://x',
    });
    expect(wrong.code).toBe(2);
    for (const said of [
      'LARDER_PORT must be a whole number from 0 to 65535\n',
      'LARDER_WORKER_SLOTS must be a whole number from 1 to 256\n',
      'LARDER_PROJEKT',
      'LARDER_CONNECTION_SHOP_URL',
    ])
      expect(wrong.stderr).toContain(said);
  });

  test('says how to get stores where there are none', async () => {
    const lost = await larder('entities ad');
    expect(lost).toMatchObject({ code: 2, stderr: expect.stringContaining('larder up') });
  });
});

describe('exit code 1, failed', () => {
  test('Redis is away', async () => {
    const away = await larder('entities ad --json', { LARDER_REDIS_URL: 'redis://127.0.0.1:1' });
    expect(away.code).toBe(1);
    expect(jsonOf(away)).toMatchObject({ code: 'ONLINE_STORE_UNAVAILABLE', retryable: true });
  });

  test('PostgreSQL is away', async () => {
    const away = await larder('runs --json', {
      LARDER_DATABASE_URL: 'postgresql://larder@127.0.0.1:1/larder',
    });
    expect(away.code).toBe(1);
    expect(jsonOf(away)).toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryable: true });
  });

  test('there is no project', async () => {
    const none = await larder('plan --project nowhere/larder.config.ts --json');
    expect(none.code).toBe(1);
    expect(jsonOf(none)).toMatchObject({ code: 'PROJECT_NOT_FOUND' });
  });
});

test('help needs no project and is plain where nobody looks', async () => {
  const child = await runCli(['--help'], { cwd: folder, env: { FORCE_COLOR: '1' } });
  expect(child).toMatchObject({ code: 0, stdout: (await larder('--help')).stdout, stderr: '' });
  for (const args of ['', 'help', 'help runs', 'predict ad_ctr --help']) {
    const help = await larder(args, { LARDER_PROJECT: 'nowhere/larder.config.ts' });
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: larder') });
    expect(help.stdout).not.toContain('\u001b');
  }
});

test('an error is text on stderr without --json, and the exit code of the process', async () => {
  const wrong = await runCli(['entities', 'ad', '--limit', '0'], { cwd: folder });
  expect(wrong).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^Wrong usage .*\n--limit/),
  });
});
