import { setTimeout as delay } from 'node:timers/promises';
import type { OfflineStore } from '@larder/offline-store';
import { call } from './http-call.ts';
import type { Told } from './rolling-load.ts';

export interface Lost {
  /** Answered predictions that are not in the durable log. */
  readonly predictions: number;
  /** Accepted rows that are not in history exactly once, or not served. */
  readonly pushedRows: number;
  /** Runs that do not end, and contradictions between runs, chunks and history. */
  readonly runs: readonly string[];
}

/** Compares what callers were told with what the stores have, and what a process serves. */
export async function countLost(
  store: Pick<OfflineStore, 'pool'>,
  { url, told }: { readonly url: string; readonly told: Told },
): Promise<Lost> {
  const count = async (text: string, values: unknown[]): Promise<number> =>
    Number((await store.pool.query<{ count: string }>(text, values)).rows[0]?.count);
  const logged = await count(
    'select count(distinct prediction_id) from larder.predictions where prediction_id = any($1::uuid[])',
    [told.predictionIds],
  );
  const ads = [...told.pushed.keys()];
  const landed = await store.pool.query<{ ad_id: string; clicks: number; times: number }>(
    `select ad_id, min(clicks) as clicks, count(*)::int as times from restarted_history.ad_stats_v1
      where ad_id = any($1) group by ad_id`,
    [ads],
  );
  const inHistory = new Set(
    landed.rows.flatMap((row) =>
      row.times === 1 && row.clicks === told.pushed.get(row.ad_id) ? row.ad_id : [],
    ),
  );
  const served = await servedClicks(url, ads);
  return {
    predictions: told.predictionIds.length - logged,
    pushedRows: ads.filter((ad) => !inHistory.has(ad) || served.get(ad) !== told.pushed.get(ad)).length,
    runs: await strangeRuns(store),
  };
}

const END_WITHIN_MS = 30_000;

/** Workers may still end the last runs. */
async function strangeRuns({ pool }: Pick<OfflineStore, 'pool'>): Promise<string[]> {
  const endsAtMs = performance.now() + END_WITHIN_MS;
  for (;;) {
    const { rows } = await pool.query<{ text: string }>(
      `select r.trigger || ' ' || r.status as text from larder.runs r where finished_at is null
        union all select invariant from larder.run_violations('restarted', true)`,
    );
    if (rows.length === 0 || performance.now() > endsAtMs) return rows.map(({ text }) => text);
    await delay(200);
  }
}

const PAGE = 500;

async function servedClicks(url: string, ads: readonly string[]): Promise<Map<string, number>> {
  const clicks = new Map<string, number>();
  for (let from = 0; from < ads.length; from += PAGE) {
    const page = ads.slice(from, from + PAGE);
    const body = { features: ['ad_stats:clicks'], entities: page.map((ad) => ({ ad_id: ad })) };
    const answer = await call(`${url}/v1/features/online`, { method: 'POST', body, agent: false });
    const { rows } = answer.body as { rows: { values: number[] }[] };
    for (const [at, ad] of page.entries()) clicks.set(ad, rows[at]?.values[0] ?? Number.NaN);
  }
  return clicks;
}
