import { createLogger } from '@larder/core';
import { test as base } from '@larder/testing';
import { connectRedis } from '@larder/online-store';
import pg from 'pg';
import { describe, expect } from 'vitest';
import { readConfig } from '../../../worker/src/config.ts';
import { startWorker } from '../../../worker/src/start-worker.ts';
import {
  copyShop,
  jsonOf,
  larder,
  startCli,
  type CliResult,
  shopEnv,
  sourceAds,
} from '../../fixtures/run-cli.ts';

interface Shop {
  larder(...args: string[]): Promise<CliResult>;
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
}

/** A project on its own stores, with an empty source table; nothing is applied. */
const test = base.extend<{ $file: { shop: Shop } }>({
  shop: [
    async ({ database, redis }, use) => {
      const folder = copyShop();
      const env = shopEnv(folder, database.url, redis.url);
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query(`${sourceAds(20)}
        insert into ads values ('ad-bad', 1, 0.1, array[1, 2]::real[], now()),
          ('ad-old', 1, null, array[1, 2, 3, 4]::real[], now() - interval '8 days')`);
      await client.end();
      await use({ env, folder, larder: (...args) => larder(args, env) });
    },
    { scope: 'file' },
  ],
});

/** A worker in this process while `work` runs. */
async function withWorker<T>({ env }: Shop, work: () => Promise<T>): Promise<T> {
  const config = readConfig({ ...env, LARDER_WORKER_SLOTS: '1' });
  const worker = await startWorker({ config, logger: createLogger('test', { level: 'silent' }) });
  try {
    return await work();
  } finally {
    await worker.stop();
  }
}

describe('before anything is applied', () => {
  test('plan lists what apply would create', async ({ shop }) => {
    const { code, stdout } = await shop.larder('plan');
    expect(code).toBe(0);
    expect(stdout).toContain('+ create project shop');
    expect(stdout).toContain('larder apply');
  });

  test('predict says what is missing: the tables, then the definitions', async ({ shop }) => {
    const predict = async () => {
      const result = await shop.larder('predict', 'ad_ctr', '--ad_id', 'ad-1');
      expect(result).toMatchObject({ code: 1, stdout: '' });
      return result.stderr;
    };
    expect(await predict()).toContain('larder migrate');
    expect(await shop.larder('migrate')).toMatchObject({ code: 0 });
    expect(await predict()).toContain('larder apply');
  });

  test('doctor warns and does not fail', async ({ shop }) => {
    const result = await shop.larder('doctor');
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/warn {2}applied/);
  });
});

describe('apply', () => {
  test('applies once', async ({ shop }) => {
    const first = await shop.larder('apply', '--json');
    expect(first.code).toBe(0);
    expect(jsonOf(first)).toMatchObject({ project: 'shop', manifest_id: 1, model_versions: { ad_ctr: 1 } });
    const second = await shop.larder('apply');
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('up to date') });
  });
});

describe('backfill', () => {
  test('follows a run to its end and groups what failed', async ({ shop }) => {
    const result = await withWorker(shop, () => shop.larder('backfill', 'ad_stats', '--json'));
    expect(result.code).toBe(0);
    expect(jsonOf(result)).toMatchObject({
      status: 'partial',
      rows: { total: 22, done: 21, failed: 1 },
      failures_by_code: [
        { code: 'FEATURE_VALUE_INVALID', count: 1, complete: true, examples: [{ key: 'ad-bad' }] },
      ],
    });
  });

  test('is strict when asked', async ({ shop }) => {
    const args = ['backfill', 'ad_stats', '--entity', 'ad-bad', '--strict'];
    const { code, stdout } = await withWorker(shop, () => shop.larder(...args));
    expect(code).toBe(1);
    expect(stdout).toContain('1 × FEATURE_VALUE_INVALID');
    expect(stdout).toMatch(/larder runs \S+ retry-failed/);
  });

  test('says which entities the source does not have, and fails', async ({ shop }) => {
    const args = ['backfill', 'ad_stats', '--entity', 'ad-1', 'ad-l', '--force'];
    const { code, stdout } = await withWorker(shop, () => shop.larder(...args));
    expect(code).toBe(1);
    expect(stdout).toContain('1 computed, 0 skipped, 1 failed, of 2');
    expect(stdout).toMatch(/1 × SOURCE_ROW_NOT_FOUND\n +ad-l +The source has no row for ad ad-l\./);
  });

  test('runs of a view, of one version, and of an unknown view', async ({ shop }) => {
    const listed = async (view: string) =>
      (jsonOf(await shop.larder('runs', '--view', view, '--json'))['runs'] as unknown[] | undefined)?.length;
    const all = await listed('ad_stats');
    expect(all).toBeGreaterThan(1);
    expect(await listed('ad_stats@1')).toBe(all);
    for (const view of ['ad_stats@2', 'ad_stat']) {
      const result = await shop.larder('runs', '--view', view, '--json');
      expect(result.code).toBe(1);
      expect(jsonOf(result)).toMatchObject({ code: 'VIEW_NOT_FOUND', status: 404 });
    }
  });

  test('stops following on Ctrl-C while the run continues', async ({ shop }) => {
    const child = startCli(['backfill', 'ad_stats'], { cwd: shop.folder, env: shop.env });
    let stdout = '';
    child.stdout?.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr?.once('data', () => child.kill('SIGINT'));
    expect(await new Promise((done) => child.once('close', done))).toBe(1);
    const [, id = ''] = /larder runs (\S+) cancel/.exec(stdout) ?? [];
    expect(jsonOf(await shop.larder('runs', id, '--json'))).toMatchObject({ status: 'queued' });
    const cancelled = await shop.larder('runs', id, 'cancel');
    expect(cancelled).toMatchObject({ code: 0, stdout: expect.stringContaining('cancelled') });
    const again = await shop.larder('runs', id, 'pause', '--json');
    expect(again.code).toBe(1);
    expect(jsonOf(again)).toMatchObject({ code: 'RUN_STATE_CONFLICT', status: 409 });
  });

  test('says why a chunk failed while the run continues', async ({ shop }) => {
    const child = startCli(['backfill', 'ad_stats'], { cwd: shop.folder, env: shop.env });
    let stderr = '';
    child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
    const closed = new Promise((done) => child.once('close', done));
    await expect.poll(() => stderr, { timeout: 60_000 }).not.toBe('');
    const client = new pg.Client({ connectionString: shop.env['LARDER_DATABASE_URL'] });
    await client.connect();
    await client.query(`
      with chunk as (
        insert into larder.chunks (run_id, ordinal, bounds, rows_total)
        select run_id, 0, '{}', 20 from larder.runs where status = 'queued' order by revision desc limit 1
        returning run_id, chunk_id)
      insert into larder.row_failures (run_id, chunk_id, code, reason, retryable)
      select run_id, chunk_id, 'COMPUTATION_FAILED', 'Chunk 0 (20 rows): out of order.', true from chunk`);
    await expect
      .poll(() => stderr, { timeout: 60_000 })
      .toContain('First failure: COMPUTATION_FAILED  Chunk 0 (20 rows): out of order. Larder retries it.');
    await client.query(
      `update larder.runs set status = 'cancelled', finished_at = now() where status = 'queued'`,
    );
    await client.end();
    expect(await closed).toBe(1);
  });

  test('only queues with --detach', async ({ shop }) => {
    const { code, stdout } = await shop.larder('backfill', 'ad_stats', '--detach', '--limit', '1');
    expect(code).toBe(0);
    const [, ...follow] = /follow +larder (runs) (\S+) (--follow)\n/.exec(stdout) ?? [];
    expect(stdout).toMatch(/Run \S+ is queued/);
    const ofVersion = jsonOf(await shop.larder('runs', '--view', 'ad_stats@1', '--json'));
    expect(ofVersion).toEqual(jsonOf(await shop.larder('runs', '--view', 'ad_stats', '--json')));
    const { runs } = ofVersion as { runs: object[] };
    expect(runs[0]).toMatchObject({ view: 'ad_stats', version: 1, status: 'queued' });
    const followed = await withWorker(shop, () => shop.larder(...follow));
    expect(followed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^run .* succeeded\n/) });
    expect((await shop.larder('runs', '--follow')).code).toBe(2);
    const unknown = await shop.larder('runs', '--view', 'ad_stats@9', '--json');
    expect([unknown.code, jsonOf(unknown)]).toMatchObject([1, { code: 'VIEW_NOT_FOUND' }]);
  });
});

describe('stored rows', () => {
  test('inspect shows age, times, writer and values within 100 columns', async ({ shop }) => {
    const { code, stdout } = await shop.larder('inspect', 'ad', 'ad-7');
    expect(code).toBe(0);
    expect(stdout).toContain('larder:shop:{ad:ad-7}');
    expect(stdout).toMatch(/ad_stats@1 {2}PRESENT {2}1h old, 6d 2[23]h left of 7d/);
    expect(stdout).toMatch(/run +[0-9a-f-]{36} {2}backfill, partial \S+ ago\n +chunk +\d+, revision 1\n/);
    expect(stdout).toMatch(/click_rate +0\.07/);
    expect(stdout).toContain('[7.00, 1.00, 2.00, 3.00]  4 floats, norm 7.937');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('inspect distinguishes rows that are too old from missing ones', async ({ shop }) => {
    const old = await shop.larder('inspect', 'ad', 'ad-old', '--json');
    expect(jsonOf(old)).toMatchObject({ views: [{ ref: 'ad_stats@1', status: 'OUTSIDE_MAX_AGE' }] });
    const nothing = await shop.larder('inspect', 'ad', 'ad-none', '--json');
    expect(nothing.code).toBe(1);
    expect(jsonOf(nothing)).toMatchObject({
      code: 'ENTITY_NOT_FOUND',
      status: 404,
      errors: [
        { pointer: '/views/ad_stats@1', detail: expect.stringContaining('The source had no row of it') },
      ],
    });
  });

  test('inspect says why a key has no row: its failure, the run, and that a retry does not help', async ({
    shop,
  }) => {
    const { code, stderr } = await shop.larder('inspect', 'ad', 'ad-bad');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /ad_stats@1: It failed .* in run [0-9a-f-]{36}: FEATURE_VALUE_INVALID: .*A retry would fail the same way.*larder backfill ad_stats@1 --entity ad-bad/,
    );
  });

  test('inspect works while PostgreSQL is away', async ({ shop }) => {
    const away = 'postgresql://larder@127.0.0.1:1/larder';
    const { code, stdout } = await shop.larder('inspect', 'ad', 'ad-7', '--database-url', away);
    expect(code).toBe(0);
    expect(stdout).toContain('PostgreSQL does not answer');
    expect(stdout).toMatch(/click_rate +0\.07/);
  });

  test('doctor compares the rows online with history', async ({ shop }) => {
    const found = async () => {
      const { checks } = jsonOf(await shop.larder('doctor', '--json')) as unknown as {
        checks: { check: string; status: string; detail: string; mend: string | null }[];
      };
      return checks.find(({ check }) => check === 'online rows of ad_stats@1');
    };
    expect(await found()).toMatchObject({ status: 'ok', detail: expect.stringMatching(/^20 of 20 sampled/) });
    const redis = connectRedis(shop.env['LARDER_REDIS_URL'] ?? '', { role: 'tool' });
    const lost = ['ad-1', 'ad-2'].map((key) => `larder:shop:{ad:${key}}`);
    const kept = await Promise.all(lost.map((key) => redis.dumpBuffer(key)));
    await redis.del(lost);
    expect(await found()).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^18 of 20 sampled/),
      mend: expect.stringContaining('larder backfill ad_stats@1'),
    });
    await Promise.all(lost.map((key, at) => redis.restore(key, 0, kept[at] ?? '')));
    redis.disconnect();
  });

  test('entities lists up to its limit', async ({ shop }) => {
    const all = jsonOf(await shop.larder('entities', 'ad', '--view', 'ad_stats', '--json'));
    expect(all).toMatchObject({ view: 'ad_stats@1', complete: true });
    expect(all['keys']).toHaveLength(21);
    const some = await shop.larder('entities', 'ad', '--limit', '3');
    expect(some.stdout.trim().split('\n')).toHaveLength(3);
    expect(some.stderr).toContain('There are more');
  });

  test('predict merges stored features with typed inputs', async ({ shop }) => {
    const inputs = '--requested_at 2026-11-20T09:30:00Z --bid 1'.split(' ');
    const result = await shop.larder(
      'predict',
      'ad_ctr',
      '--ad_id',
      'ad-7',
      ...inputs,
      '--features',
      '--json',
    );
    // sigmoid(2 · 0.07 + 0.1 · 7 + 0.2 · 1 - 0.1 · 2 + 0.05 · 3 + 0.01 · 9 + 0.3 · ln 1)
    expect(result.code).toBe(0);
    const answer = jsonOf(result) as { outputs: { ctr: number }; features: object[]; degraded: boolean };
    expect(answer.outputs.ctr).toBeCloseTo(1 / (1 + Math.exp(-1.08)), 5);
    expect(answer.degraded).toBe(false);
    expect(answer.features).toContainEqual(
      expect.objectContaining({
        ref: 'ad_stats@1:click_rate',
        value: 0.07,
        status: 'PRESENT',
        source: 'online',
      }),
    );
  });

  test('predict takes a version by its number or by an alias, and no other answers for it', async ({
    shop,
  }) => {
    const asked = ['--ad_id', 'ad-7', '--requested_at', '2026-11-20T09:30:00Z', '--bid', '1', '--json'];
    const predict = async (version: string) =>
      jsonOf(await shop.larder('predict', 'ad_ctr', ...asked, '--version', version));
    for (const version of ['1', 'champion'])
      expect(await predict(version)).toMatchObject({
        version: 1,
        outputs: { ctr: expect.closeTo(1 / (1 + Math.exp(-1.08)), 5) },
      });
    for (const version of ['9', 'challenger', '0x1', '-1'])
      expect(await predict(version)).toMatchObject({ code: 'MODEL_VERSION_NOT_FOUND' });
  });

  test('predict names its inputs', async ({ shop }) => {
    const help = await shop.larder('predict', 'ad_ctr', '--help');
    expect(help.code).toBe(0);
    for (const flag of ['--ad_id', '--requested_at', '--bid']) expect(help.stdout).toContain(flag);
    const wrong = await shop.larder('predict', 'ad_ctr', '--ad_id', 'ad-7', '--bid', 'much', '--json');
    expect(wrong.code).toBe(2);
    expect(jsonOf(wrong)['errors']).toEqual([
      { pointer: '--bid', detail: expect.any(String) },
      { pointer: '--requested_at', detail: expect.any(String) },
    ]);
    const unknown = await shop.larder('predict', 'nope', '--ad_id', 'ad-7');
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('ad_ctr') });
  });
});
