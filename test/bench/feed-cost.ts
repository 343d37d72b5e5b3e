import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLogger, newId, systemClock, type Logger } from '@larder/core';
import { findFeatureView, loadProject } from '@larder/features';
import { openStateFolder, removeStateFolder, startEmbeddedPostgres, startEmbeddedRedis } from '@larder/infra';
import { pushRows } from '@larder/materialization/push';
import {
  announceProcess,
  createOfflineStore,
  ensureHistory,
  migrate,
  startSequencer,
  type OfflineStore,
  projectKeyHasher,
} from '@larder/offline-store';
import { connectRedis, createOnlineStore } from '@larder/online-store';
import { cpuSeconds } from './materialize/process-usage.ts';
import { median, type Bench, type BenchRow } from './row.ts';

/** Per round of about a second, so that whatever else the machine does affects both sides alike. */
const LANDINGS = 30;
const ROWS_PER_LANDING = 1_000;
const CALLERS = 4;
const PAIRS = 40;
const MIN_RATIO = 0.97;
/** 95 % confidence: 1.96 / 2. */
const RANK_SPREAD = 0.98;

/** Landings per second of wall time, and per second of CPU time of this process and PostgreSQL. */
interface Rates {
  readonly wall: number;
  readonly cpu: number;
}

const bench: Bench = {
  name: 'feed-cost',
  what: `landings of ${ROWS_PER_LANDING.toLocaleString('en-US')} rows of ten features by ${CALLERS} callers, into history and Redis, with the feed of changes and the process table against the same without both`,
  async run(progress, { rows: landings = LANDINGS } = {}): Promise<BenchRow[]> {
    const project = await loadProject(join(import.meta.dirname, 'materialize/larder.config.ts'));
    const { manifest } = project;
    const logger = createLogger('bench', { level: 'error' });
    const folder = openStateFolder(resolve(import.meta.dirname, '../..'), `bench-${process.pid}`);
    const [postgres, redis] = await Promise.all([
      startEmbeddedPostgres(folder),
      startEmbeddedRedis(folder, { durable: false }),
    ]);
    const connection = connectRedis(redis.url, { role: 'worker', logger });
    const open = async (name: string, feed: boolean): Promise<OfflineStore> => {
      await postgres.createDatabase(name);
      const store = createOfflineStore({ databaseUrl: postgres.url(name), logger });
      if (!feed) forgetChanges(store);
      await migrate(store);
      await ensureHistory(store, manifest, findFeatureView(manifest, 'account_stats'));
      return store;
    };
    const telling = await open('with_feed', true);
    const silent = await open('without_feed', false);

    let landed = 0;
    const rates = async (offlineStore: OfflineStore, name: string): Promise<Rates> => {
      const onlineStore = createOnlineStore({
        redis: connection,
        project: name,
        keyHasher: () => projectKeyHasher(offlineStore, name),
      });
      const cpuBefore = cpuOf(postgres.process.pid);
      const startedAt = performance.now();
      let left = landings;
      const land = async (caller: number): Promise<void> => {
        while (left-- > 0)
          await pushRows(
            { offlineStore, onlineStore, clock: systemClock, logger },
            { manifest, view: 'account_stats', rows: rowsOf(caller, landed++) },
          );
      };
      await Promise.all(Array.from({ length: CALLERS }, (_, caller) => land(caller)));
      const wallSeconds = (performance.now() - startedAt) / 1_000;
      return { wall: landings / wallSeconds, cpu: landings / (cpuOf(postgres.process.pid) - cpuBefore) };
    };
    const withFeed = async (): Promise<Rates> => {
      const feed = await startFeed(telling, project.name, logger);
      try {
        return await rates(telling, 'with_feed');
      } finally {
        await feed.close();
      }
    };
    const without = (): Promise<Rates> => rates(silent, 'without_feed');

    try {
      const pairs: [Rates, Rates][] = [];
      await withFeed();
      await without();
      await check(telling, silent, landings);
      for (let pair = 0; pair < PAIRS; pair++) {
        if (pair % 2 === 0) pairs.push([await withFeed(), await without()]);
        else {
          const floor = await without();
          pairs.push([await withFeed(), floor]);
        }
      }
      await check(telling, silent, landings * (PAIRS + 1));
      const rows = [
        rowOf('feed-cost', { pairs, of: 'wall', unit: 'landings/s' }),
        rowOf('feed-cost-cpu', { pairs, of: 'cpu', unit: 'landings/s of CPU' }),
      ];
      for (const { name, note } of rows) progress(`${name}: ${note}`);
      return rows;
    } finally {
      connection.disconnect();
      await Promise.all([telling.close(), silent.close()]);
      await Promise.all([postgres.stop(), redis.stop()]);
      removeStateFolder(folder);
    }
  },
};

/** Starts sequencer and heartbeat, for one round with the feed; resolves once the process has its row. */
async function startFeed(
  store: OfflineStore,
  project: string,
  logger: Logger,
): Promise<{ close(): Promise<unknown> }> {
  const processId = newId();
  const sequencer = startSequencer({ store, logger });
  const announced = announceProcess(
    store,
    { processId, project, role: 'worker', describe: () => ({}) },
    { logger },
  );
  while ((await store.pool.query('select from larder.processes')).rowCount === 0) await nextTurn();
  return { close: () => Promise.all([sequencer.close(), announced.close()]) };
}

const TELLS = /insert into (?:larder\.unnumbered_changes|"larder"\."unnumbered_changes") \([^)]*\)/;

/**
 * Stops the store's connections from recording changes, without doing anything instead: a statement that only records a
 * change is not sent, and the insert is removed from one that does more.
 */
function forgetChanges({ pool }: OfflineStore): void {
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((text: unknown, ...rest: unknown[]) => {
      if (typeof text !== 'string' || !TELLS.test(text)) return query(text, ...rest);
      if (text.startsWith('insert')) return Promise.resolve({ command: 'INSERT', rowCount: 0, rows: [] });
      return query(text.replace(TELLS, ''), ...rest);
    }) as typeof client.query;
  });
}

/** CPU seconds of this process and PostgreSQL so far. */
function cpuOf(postgresPid: number): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + cpuSeconds(postgresPid);
}

function rowOf(
  name: string,
  { pairs, of, unit }: { pairs: readonly [Rates, Rates][]; of: keyof Rates; unit: string },
): BenchRow & { readonly note: string } {
  const ratios = pairs.map(([measured, floor]) => measured[of] / floor[of]);
  const ratio = median(ratios);
  const [low, high] = medianInterval(ratios);
  const sharp = high - low <= 2 * (1 - MIN_RATIO);
  return {
    name,
    value: median(pairs.map(([measured]) => measured[of])),
    unit,
    floor: median(pairs.map(([, floor]) => floor[of])),
    ratio,
    target: `≥ ${MIN_RATIO} × the ${unit} without`,
    ok: sharp ? ratio >= MIN_RATIO : null,
    note: `${ratio.toFixed(3)}, 95 % between ${low.toFixed(3)} and ${high.toFixed(3)}${sharp ? '' : ': too wide to judge'}`,
  };
}

/** 95 % confidence interval of the median, by the sign test: it assumes no distribution. */
function medianInterval(samples: readonly number[]): [number, number] {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = Math.max(0, Math.floor(sorted.length / 2 - RANK_SPREAD * Math.sqrt(sorted.length)));
  return [sorted[rank] as number, sorted[sorted.length - 1 - rank] as number];
}

/** Checks that both sides landed the same rows, and that only one recorded changes. */
async function check(telling: OfflineStore, silent: OfflineStore, landings: number): Promise<void> {
  const count = async (store: OfflineStore, table: string): Promise<number> =>
    Number((await store.pool.query<{ n: string }>(`select count(*) as n from ${table}`)).rows[0]?.n);
  const rows = landings * ROWS_PER_LANDING;
  for (const store of [telling, silent])
    if ((await count(store, 'bench_history.account_stats_v1')) !== rows)
      throw new Error(`History does not hold ${rows} rows.`);
  const told = (await count(telling, 'larder.changes')) + (await count(telling, 'larder.unnumbered_changes'));
  if (told < landings) throw new Error(`${told} of ${landings} landings were recorded.`);
  if ((await count(silent, 'larder.unnumbered_changes')) > 0) throw new Error('The floor recorded landings.');
}

function rowsOf(caller: number, landing: number): Record<string, unknown>[] {
  const event_timestamp = new Date(Date.now() - 3_600_000 + landing).toISOString();
  return Array.from({ length: ROWS_PER_LANDING }, (_, at) => ({
    account_id: `account-${caller}-${at}`,
    event_timestamp,
    basket_mean: at / 7,
    basket_last: at / 3,
    balance: at * 1.5,
    risk: 0.25,
    orders: String(at),
    orders_30d: at % 30,
    is_member: at % 2 === 0,
    country: 'de',
    plan: 'basic',
    last_order_at: event_timestamp,
  }));
}

export default bench;
