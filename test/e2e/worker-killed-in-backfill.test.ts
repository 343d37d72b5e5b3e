import type { EntityAnswer, PredictAnswer, Run } from '@larder/contracts';
import { requests, startScript } from '@larder/example-ads';
import { describe, expect, vi } from 'vitest';
import { ADS, BAD_ADS, call, test } from './ads-stack.ts';

const WAIT = { timeout: 150_000, interval: 20 };

describe('the advertising example', () => {
  test('a worker killed in the middle of the backfill loses no picture and doubles none', async ({
    stack,
    pool,
  }) => {
    const { run_id: runId } = await call<Run>(`${stack.inferenceUrl}/v1/backfills`, {
      view: 'ad_image',
      scope: { all: true },
    });
    const run = () => call<Run>(`${stack.inferenceUrl}/v1/runs/${runId}`);
    await vi.waitUntil(async () => (await run()).rows.done > 0, WAIT);
    const worker = stack.pids()['worker'] as number;
    process.kill(worker, 'SIGKILL');
    expect((await run()).finished_at, 'killed before the end').toBeNull();
    await vi.waitUntil(async () => (await run()).finished_at !== null, WAIT);

    const ended = await run();
    expect(stack.pids()['worker'], 'a new worker').not.toBe(worker);
    expect([ended.status, ended.rows]).toEqual([
      'partial',
      {
        total: ADS.length,
        done: ADS.length - BAD_ADS.length,
        failed: BAD_ADS.length,
        skipped_unchanged: 0,
      },
    ]);
    const { failures } = await call<{ failures: { key: string }[] }>(
      `${stack.inferenceUrl}/v1/runs/${runId}/failures`,
    );
    expect(failures.map(({ key }) => key).toSorted()).toEqual(BAD_ADS.toSorted());

    expect((await pool.query(`select * from larder.run_violations('ads')`)).rows).toEqual([]);
    const history = await pool.query<{
      ad_id: string;
      rows: string;
      event_timestamp: Date;
      revision: number;
    }>(
      `select ad_id, count(*) as rows, max(event_timestamp) as event_timestamp, max(revision)::float8 as revision
         from ads_history.ad_image_v1 group by ad_id order by ad_id`,
    );
    expect(history.rows.map(({ ad_id: adId }) => adId)).toEqual(usableAds());
    for (const row of history.rows) {
      expect(Number(row.rows), `${row.ad_id} in history`).toBe(1);
      const held = await call<EntityAnswer>(`${stack.inferenceUrl}/v1/entities/ad/${row.ad_id}`);
      const [image] = held.views;
      expect(
        [image?.ref, image?.revision, Date.parse(image?.event_timestamp ?? '')],
        `${row.ad_id} in Redis`,
      ).toEqual(['ad_image@1', row.revision, row.event_timestamp.getTime()]);
    }
  });

  test('hybrid predictions are those of a plain service, and each is logged', async ({
    stack,
    pool,
    database,
    feed,
  }) => {
    const known = new Set(usableAds());
    const bodies = requests(400)
      .filter(({ entities }) => known.has(entities.ad_id))
      .slice(0, 10);
    for (const scope of [
      { view: 'ad_events', scope: { all: true } },
      // Reading text is slow: only done where required.
      { view: 'ad_text', scope: { entities: bodies.map(({ entities }) => entities) } },
    ]) {
      const { run_id: runId } = await call<Run>(`${stack.inferenceUrl}/v1/backfills`, scope);
      await vi.waitUntil(
        async () => (await call<Run>(`${stack.inferenceUrl}/v1/runs/${runId}`)).finished_at !== null,
        WAIT,
      );
    }
    const plain = await startScript('inline-process.ts', ['--database-url', database.url], feed.folder);
    const ids: string[] = [];
    for (const body of bodies) {
      const hybrid = await call<PredictAnswer>(`${stack.inferenceUrl}/v1/models/ad_ctr/predict`, {
        ...body,
        options: { deadline_ms: 10_000 },
      });
      const inside = await call<{ ctr: number }>(plain.url, body);
      expect(hybrid.degraded).toBe(false);
      expect(hybrid.outputs['ctr']).toBeCloseTo(inside.ctr, 5);
      ids.push(hybrid.prediction_id);
    }
    await plain.stop();
    await vi.waitUntil(async () => (await logged(ids)) === ids.length, WAIT);

    async function logged(wanted: readonly string[]): Promise<number> {
      const { rows } = await pool.query<{ count: string }>(
        'select count(*) from larder.predictions where prediction_id = any($1)',
        [wanted],
      );
      return Number(rows[0]?.count);
    }
  });
});

function usableAds(): string[] {
  return ADS.map(({ adId }) => adId)
    .filter((adId) => !BAD_ADS.includes(adId))
    .toSorted();
}
