import { join, resolve } from 'node:path';
import { createLogger, newId, systemClock } from '@larder/core';
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
  type StoreTransaction,
} from '@larder/offline-store';
import { connectRedis, createOnlineStore } from '@larder/online-store';
import { interleaved, median, type Bench, type BenchRow } from './row.ts';

const LANDINGS = 80;
const ROWS_PER_LANDING = 1_000;
const CALLERS = 4;
const ROUNDS = 9;
const MIN_RATIO = 0.97;

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
    const open = async (name: string): Promise<OfflineStore> => {
      await postgres.createDatabase(name);
      const store = createOfflineStore({ databaseUrl: postgres.url(name), logger });
      await migrate(store);
      await ensureHistory(store, manifest, findFeatureView(manifest, 'account_stats'));
      return store;
    };
    const telling = await open('with_feed');
    const silent = withoutFeed(await open('without_feed'));
    // The statement that completes the chunk also records the confirmation of the online store.
    await silent.pool.query(`
      create function larder.take_nothing() returns trigger language plpgsql as 'begin return null; end';
      create trigger take_nothing before insert on larder.unnumbered_changes
        for each row execute function larder.take_nothing()`);
    const sequencer = startSequencer({ store: telling, logger });
    const announced = announceProcess(
      telling,
      { processId: newId(), project: project.name, role: 'worker', describe: () => ({}) },
      { logger },
    );

    let landed = 0;
    async function landingsPerSecond(offlineStore: OfflineStore, name: string): Promise<number> {
      const onlineStore = createOnlineStore({ redis: connection, project: name });
      const started = performance.now();
      let left = landings;
      const land = async (caller: number): Promise<void> => {
        while (left-- > 0)
          await pushRows(
            { offlineStore, onlineStore, clock: systemClock, logger },
            { manifest, view: 'account_stats', rows: rowsOf(caller, landed++) },
          );
      };
      await Promise.all(Array.from({ length: CALLERS }, (_, caller) => land(caller)));
      return landings / ((performance.now() - started) / 1_000);
    }

    try {
      const { values, floors, ratios } = await interleaved(
        ROUNDS,
        () => landingsPerSecond(telling, 'with_feed'),
        () => landingsPerSecond(silent, 'without_feed'),
      );
      progress(`with the feed, landings/s: ${values.map((value) => value.toFixed(1)).join(' ')}`);
      progress(`without: ${floors.map((value) => value.toFixed(1)).join(' ')}`);
      await check(telling, silent, landings * (ROUNDS + 1));
      const ratio = median(ratios);
      return [
        {
          name: 'feed-cost',
          value: median(values),
          unit: 'landings/s',
          floor: median(floors),
          ratio,
          target: `≥ ${MIN_RATIO} × the landings/s without`,
          ok: ratio >= MIN_RATIO,
        },
      ];
    } finally {
      await Promise.all([sequencer.close(), announced.close()]);
      connection.disconnect();
      await Promise.all([telling.close(), silent.close()]);
      await Promise.all([postgres.stop(), redis.stop()]);
      removeStateFolder(folder);
    }
  },
};

/** Store of the floor: does not send a landing's change to PostgreSQL. */
function withoutFeed(store: OfflineStore): OfflineStore {
  const nothing = { values: () => ({ execute: async () => [] }) };
  const silenced = (tx: StoreTransaction): StoreTransaction => ({
    ...tx,
    db: new Proxy(tx.db, {
      get(db, name) {
        const value: unknown = Reflect.get(db, name);
        if (name !== 'insertInto') return typeof value === 'function' ? value.bind(db) : value;
        return (table: 'larder.unnumbered_changes') =>
          table === 'larder.unnumbered_changes' ? nothing : db.insertInto(table);
      },
    }),
  });
  return { ...store, transaction: (work) => store.transaction((tx) => work(silenced(tx))) };
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
