import { systemClock } from '@larder/core';
import { createEventGroups } from '@larder/materialization/events';
import { startWindowStores, type WindowStores } from './windows/window-stores.ts';
import { quantile, type Bench, type BenchRow } from './row.ts';

const EVENTS = 100_000;
const KEYS = 100_000;
const BATCH = 1_000;
const CALLERS = 4;
const MAX_READABLE_MS = 1_000;
const MEMORY_SAMPLE = 500;
const LOADS = [
  { name: 'uniform', target: 5_000, key: () => Math.floor(Math.random() * KEYS) },
  { name: 'Zipf', target: 10_000, key: zipf },
] as const;

const bench: Bench = {
  name: 'window-events',
  what: '100,000 events in batches of 1,000 from 4 callers, checked and applied to 4 windows × 5 aggregates (one a sketch) in PostgreSQL and Redis: keys uniform over 100,000, and Zipf; beside them one caller sends event after event, each readable when it is answered',
  async run(progress, { rows: events = EVENTS } = {}) {
    const rows: BenchRow[] = [];
    for (const { name, target, key } of LOADS) {
      const stores = await startWindowStores();
      try {
        const before = stores.cpu();
        const { perSecond, latencies } = await apply(stores, events, key);
        const cpu = stores
          .cpu()
          .map((seconds, at) => Math.round(((seconds - (before[at] ?? 0)) / events) * 1e6));
        const late = quantile(latencies, 0.99);
        progress(
          `${name}: ${Math.round(perSecond)} events/s; CPU µs per event: Node ${cpu[0]}, PostgreSQL ${cpu[1]}, Redis ${cpu[2]}; single events p50 ${quantile(latencies, 0.5).toFixed(0)} ms, p99 ${late.toFixed(0)} ms`,
        );
        progress(`${name}: ${await bytesPerEntity(stores)}`);
        const absolute = { floor: null, ratio: null };
        rows.push(
          {
            name: `window-events-${name.toLowerCase()}`,
            value: perSecond,
            unit: 'events/s',
            ...absolute,
            target: `≥ ${target.toLocaleString('en-US')} events/s`,
            ok: perSecond >= target,
          },
          {
            name: `window-readable-${name.toLowerCase()}`,
            value: late,
            unit: 'ms p99 until readable',
            ...absolute,
            target: `≤ ${MAX_READABLE_MS} ms`,
            ok: late <= MAX_READABLE_MS,
          },
        );
      } finally {
        await stores.close();
      }
    }
    return rows;
  },
};

export default bench;

async function apply(
  { manifest, offlineStore, onlineStore, logger }: WindowStores,
  events: number,
  key: () => number,
): Promise<{ readonly perSecond: number; readonly latencies: number[] }> {
  const groups = createEventGroups({ offlineStore, onlineStore, logger, clock: systemClock });
  const push = (batch: readonly Readonly<Record<string, unknown>>[]) =>
    groups.push({ manifest, source: 'ad_events', events: batch, sizeBytes: 130 * batch.length });
  let sent = 0;
  const event = (id: string) => ({
    event_id: id,
    event_timestamp: new Date().toISOString(),
    ad_id: `ad-${key()}`,
    kind: sent % 9 === 0 ? 'click' : 'impression',
    bid: (sent % 1_000) / 7,
    visitor: `visitor-${sent % 50_000}`,
  });
  await push([event('warm')]);
  let done = false;
  const latencies: number[] = [];
  const single = (async () => {
    for (let at = 0; ; at++) {
      if (done) return;
      const started = performance.now();
      const { online } = await push([event(`single-${at}`)]);
      if (!online) throw new Error('An event was not online when it was answered.');
      latencies.push(performance.now() - started);
    }
  })();
  const started = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      for (;;) {
        if (sent >= events) return;
        const batch = Array.from({ length: BATCH }, () => event(`e${sent++}`));
        const { accepted, online } = await push(batch);
        if (accepted !== batch.length || !online) throw new Error(`${accepted} of ${batch.length} landed.`);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1_000;
  done = true;
  await single;
  await groups.close();
  return { perSecond: sent / seconds, latencies };
}

async function bytesPerEntity({ offlineStore, redis }: WindowStores): Promise<string> {
  const { rows } = await offlineStore.pool.query<{
    key: string;
    tiles: string;
    bytes: string;
    keys: string;
  }>(`
    select min(entity_key) as key, count(*) as tiles, pg_total_relation_size('bench_history.ad_stats_v1_tiles') as bytes,
      count(distinct entity_key) as keys from bench_history.ad_stats_v1_tiles`);
  const { rows: sample } = await offlineStore.pool.query<{ key: string }>(
    `select distinct entity_key as key from bench_history.ad_stats_v1_tiles limit ${MEMORY_SAMPLE}`,
  );
  const sizes = await Promise.all(
    sample.map(({ key }) => redis.call('MEMORY', 'USAGE', `larder:bench:{ad:${key}}`) as Promise<number>),
  );
  const keys = Number(rows[0]?.keys);
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  return `${keys} entities with ${(Number(rows[0]?.tiles) / keys).toFixed(1)} tiles each: ${Math.round(mean)} bytes in Redis (largest of the sample ${Math.max(...sizes)}), ${Math.round(Number(rows[0]?.bytes) / keys)} in PostgreSQL`;
}

/** 1/rank over the keys. */
function zipf(): number {
  return Math.floor(KEYS ** Math.random()) - 1;
}
