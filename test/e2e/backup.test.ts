import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startStack, type Stack } from '@larder/infra/stack';
import pg from 'pg';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { copyShop, jsonOf, larder, startCli } from '../../apps/cli/fixtures/run-cli.ts';
import { startS3Server } from '../../packages/registry/src/testing/s3-server.ts';

const ADS = 50;
const WAIT = { timeout: 150_000, interval: 20 };

async function newDatabase(): Promise<string> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  const url = (database: string) => inject('postgresUrl').replace('%DATABASE%', database);
  await query(url('postgres'), `create database ${name}`);
  onTestFinished(() => query(url('postgres'), `drop database ${name} with (force)`).then(() => {}));
  return url(name);
}

async function query(databaseUrl: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

interface Environment {
  readonly databaseUrl: string;
  readonly apply: boolean;
  readonly env: Readonly<Record<string, string>>;
}

async function start(folder: string, { databaseUrl, apply, env }: Environment): Promise<Stack> {
  const stack = await startStack({
    project: join(folder, 'larder.config.ts'),
    root: folder,
    databaseUrl,
    port: 0,
    actor: 'test',
    apply,
    env,
  });
  onTestFinished(() => stack.stop());
  return stack;
}

async function outputs({ inferenceUrl }: Stack, key: string): Promise<string> {
  const answer = await fetch(`${inferenceUrl}/v1/models/ad_ctr/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      entities: { ad_id: key },
      request: { requested_at: '2026-11-29T12:00:00Z', bid: 2 },
    }),
  });
  const text = await answer.text();
  expect([answer.status, text]).toEqual([200, text]);
  return /"outputs":\{[^}]*\}/.exec(text)?.[0] ?? text;
}

test('a project copied into another environment predicts the same; killed midway and loaded again', async () => {
  const [first, second, empty] = [await newDatabase(), await newDatabase(), await newDatabase()];
  const folder = copyShop();
  await query(
    first,
    `create table ads (ad_id text primary key, clicks bigint, click_rate real, shape real[], updated_at timestamptz);
     insert into ads select 'ad-' || n, n, 1.0 / n, array[n, 0.1, 2, -3.3]::real[],
       now() - case when n % 2 = 0 then interval '40 days' else interval '1 hour' end from generate_series(1, ${ADS}) n`,
  );
  // Artifacts are in a bucket here, and in PostgreSQL there.
  const bucket = await startS3Server(join(folder, 'bucket'));
  onTestFinished(() => bucket.stop());
  const stack = await start(folder, {
    databaseUrl: first,
    apply: true,
    env: { LARDER_CONNECTION_SHOP_URL: first, LARDER_ARTIFACTS_URL: bucket.url },
  });
  const project = ['--project', join(folder, 'larder.config.ts')];
  const { run_id: id } = (await (
    await fetch(`${stack.inferenceUrl}/v1/backfills`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ view: 'ad_stats', scope: { all: true } }),
    })
  ).json()) as { run_id: string };
  await vi.waitUntil(async () => {
    const run = (await (await fetch(`${stack.inferenceUrl}/v1/runs/${id}`)).json()) as {
      finished_at: string | null;
    };
    return run.finished_at !== null;
  }, WAIT);
  expect((await larder(['forget', 'ad', 'ad-9', '--yes', ...project], stack.env)).code).toBe(0);
  const before = await Promise.all(['ad-1', 'ad-2', 'ad-7', 'ad-9'].map((key) => outputs(stack, key)));

  const dir = join(folder, 'copy');
  const written = await larder(['backup', dir, '--history', '--json', ...project], stack.env);
  expect([written.code, written.stderr]).toEqual([0, '']);
  const { history } = jsonOf(written) as { history: { rows: number }[] };
  expect(history).toHaveLength(2);
  expect(history.reduce((sum, { rows }) => sum + rows, 0)).toBe(ADS - 1);
  const onceMore = await larder(['backup', dir, '--json', ...project], stack.env);
  expect(jsonOf(onceMore)).toMatchObject({ code: 'BACKUP_REFUSED' });
  await stack.stop();

  const env = { LARDER_DATABASE_URL: second, LARDER_PROJECT: join(folder, 'larder.config.ts') };
  // Flipped byte, and a backup that was not finished.
  const parquet = readdirSync(join(dir, 'history/ad_stats_v1'))[0] as string;
  const damaged = join(folder, 'damaged');
  cpSync(dir, damaged, { recursive: true });
  const bytes = readFileSync(join(damaged, 'history/ad_stats_v1', parquet));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(join(damaged, 'history/ad_stats_v1', parquet), bytes);
  expect((await larder(['migrate'], env)).code).toBe(0);
  const refused = await larder(['load', damaged, '--json'], env);
  expect(jsonOf(refused)).toMatchObject({
    code: 'BACKUP_DAMAGED',
    detail: expect.stringContaining(parquet) as string,
  });
  const unfinished = await larder(['load', folder, '--json'], env);
  expect(jsonOf(unfinished)).toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect((await query(second, `select from pg_namespace where nspname = 'shop_history'`)).rowCount).toBe(0);

  // Killed in the middle of a month of history, and of the control tables.
  for (const table of ['kept_online_times', 'alias_moves']) {
    const blocker = new pg.Client({ connectionString: second });
    await blocker.connect();
    await blocker.query(`begin; lock table larder.${table} in exclusive mode`);
    const killed = startCli(['load', dir], { cwd: folder, env });
    let told = '';
    killed.stderr?.on('data', (text: Buffer) => (told += text.toString()));
    await vi.waitUntil(async () => {
      expect([killed.exitCode, told]).toEqual([null, told]);
      const { rows } = await query(
        second,
        `select from pg_locks where not granted and relation = 'larder.${table}'::regclass
          and database = (select oid from pg_database where datname = current_database())`,
      );
      return rows.length > 0;
    }, WAIT);
    killed.kill('SIGKILL');
    await once(killed, 'close');
    await blocker.query('rollback');
    await blocker.end();
    const { rows } = await query(second, 'select count(*)::int as rows from shop_history.ad_stats_v1');
    expect(rows).toEqual([{ rows: table === 'alias_moves' ? ADS - 1 : 0 }]);
  }
  expect((await query(second, 'select from larder.manifests')).rowCount).toBe(0);

  const loaded = await larder(['load', dir, '--json'], env);
  expect(jsonOf(loaded)).toMatchObject({
    project: 'shop',
    rows: ADS - 1,
    files_loaded: 0,
    files_loaded_before: 2,
  });
  expect((await query(second, 'select from shop_history.ad_stats_v1')).rowCount).toBe(ADS - 1);
  const twice = await larder(['load', dir, '--json'], env);
  expect(jsonOf(twice)).toMatchObject({
    code: 'BACKUP_REFUSED',
    detail: expect.stringContaining('is applied') as string,
  });

  const other = await start(copyShop(), {
    databaseUrl: second,
    apply: false,
    env: { LARDER_CONNECTION_SHOP_URL: first },
  });
  const restored = await larder(['restore', '--json', ...project], other.env);
  expect(jsonOf(restored)).toMatchObject({
    tombstones: 1,
    // Rows of 40 days ago are beyond their TTL.
    views: [{ view: 'ad_stats@1', rows: ADS / 2 - 1, created: ADS / 2 - 1 }],
  });
  expect(await Promise.all(['ad-1', 'ad-2', 'ad-7', 'ad-9'].map((key) => outputs(other, key)))).toEqual(
    before,
  );
  expect(new Set(before).size).toBeGreaterThan(2);

  // The source still has the erased key; rows of the same inputs as the loaded ones are left as they are.
  const filled = await larder(['backfill', 'ad_stats', '--json', ...project], other.env);
  expect(filled).toMatchObject({ code: 0 });
  const { rows: kept } = await query(
    second,
    `select count(*)::int as all, count(*) filter (where ad_id = 'ad-9')::int as erased from shop_history.ad_stats_v1`,
  );
  expect(kept).toEqual([{ all: ADS - 1, erased: 0 }]);

  const unmigrated = await larder(['load', dir, '--json'], { ...env, LARDER_DATABASE_URL: empty });
  expect(jsonOf(unmigrated)).toMatchObject({ code: 'DATABASE_NOT_MIGRATED' });
});
