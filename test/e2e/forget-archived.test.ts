import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openDuckdb } from '@larder/archive';
import type { ErasureReceipt, Run } from '@larder/contracts';
import { expect, vi } from 'vitest';
import { jsonOf, larder } from '../../apps/cli/fixtures/run-cli.ts';
import { ADS, call, test } from './ads-stack.ts';

const WAIT = { timeout: 150_000, interval: 50 };
const SECRET = 'ad-of-4711-secret';
const PROJECT = resolve(import.meta.dirname, '../../examples/ads/larder.config.ts');

test('what is erased over HTTP leaves the archive too, does not come back, and is in no log', async ({
  stack,
  pool,
  feed,
}) => {
  const dir = join(feed.folder, 'archive');
  const url = stack.inferenceUrl;
  const { databaseUrl, redisUrl } = stack;
  const archive = async () => {
    const stores = ['--database-url', databaseUrl, '--redis-url', redisUrl, '--project', PROJECT];
    const archived = await larder(['archive', 'ad_image', '--dir', dir, '--json', ...stores]);
    expect(archived).toMatchObject({ code: 0 });
    return jsonOf(archived) as unknown as { views: { rows: number }[] };
  };
  const fill = async (view: string, scope: object): Promise<Run> => {
    const { run_id: id } = await call<Run>(`${url}/v1/backfills`, { view, scope });
    return vi.waitFor(async () => {
      const run = await call<Run>(`${url}/v1/runs/${id}`);
      expect(run.finished_at).not.toBeNull();
      return run;
    }, WAIT);
  };
  const rowsOf = async (key: string): Promise<number> => {
    const duckdb = await openDuckdb({ folders: [dir] });
    try {
      const files = join(dir, 'ads', '**', '*.parquet');
      const [found] = await duckdb.all<{ rows: bigint }>(
        `select count(*) as rows from read_parquet('${files}') where ad_id = '${key}'`,
      );
      return Number(found?.rows);
    } finally {
      await duckdb.close();
    }
  };

  await pool.query(
    `insert into ads select $1, campaign, headline, image_url, created_at, updated_at from ads where ad_id = $2`,
    [SECRET, ADS[0]?.adId],
  );
  const entities = [{ ad_id: SECRET }, { ad_id: ADS[0]?.adId }];
  expect((await fill('ad_image', { entities })).rows.done).toBe(2);
  await pool.query(`update ads set image_url = image_url || '-missing' where ad_id = $1`, [SECRET]);
  expect((await fill('ad_text', { entities: [{ ad_id: SECRET }] })).rows.failed).toBe(1);
  await call(`${url}/v1/models/ad_ctr/predict`, {
    entities: { ad_id: SECRET },
    request: { requested_at: new Date().toISOString(), placement: 'feed', bid: 0.5 },
    options: { deadline_ms: 10_000 },
  });
  await vi.waitUntil(async () => {
    const { rows } = await archive().then(({ views: [view] }) => view ?? { rows: 0 });
    return rows > 0;
  }, WAIT);
  expect([await rowsOf(SECRET), await rowsOf(ADS[0]?.adId ?? '')]).toEqual([1, 1]);

  const answer = await fetch(`${url}/v1/entities/ad/${SECRET}?reason=asked`, { method: 'DELETE' });
  const { receipt_id: id } = (await answer.json()) as ErasureReceipt;
  const receipt = await vi.waitFor(async () => {
    const now = await call<ErasureReceipt>(`${url}/v1/erasures/${id}`);
    expect(now).toMatchObject({ status: 'complete', error: null, still_held: [] });
    return now;
  }, WAIT);
  expect(receipt.removed).toMatchObject({ predictions: 1, archive: 1 });
  // The picture, and the score that follows it, if that had landed.
  expect([1, 2]).toContain(receipt.removed.online);
  expect([await rowsOf(SECRET), await rowsOf(ADS[0]?.adId ?? '')]).toEqual([0, 1]);

  // The source has it still, with a picture that can be used.
  await pool.query(`update ads set image_url = replace(image_url, '-missing', '') where ad_id = $1`, [
    SECRET,
  ]);
  await fill('ad_image', { all: true });
  await archive();
  expect(await rowsOf(SECRET)).toBe(0);
  const logs = readdirSync(stack.logs, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
  expect(logs.length).toBeGreaterThanOrEqual(2);
  for (const log of logs)
    expect(
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.includes(SECRET)),
    ).toEqual([]);
});
