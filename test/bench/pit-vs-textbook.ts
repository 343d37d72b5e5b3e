import { to as copyTo } from 'pg-copy-streams';
import {
  createSpineTable,
  ROWS_PER_ACCOUNT,
  spineBytes,
  startHistoryDatabase,
} from './point-in-time/history-database.ts';
import { joinOf, measureJoin, told } from './point-in-time/measure-join.ts';
import { interleaved, median, type Bench } from './row.ts';

const HISTORY_ROWS = 1_000_000;
const SPINE_SHARE = 0.1;
const ROUNDS = 3;
const MIN_TIMES_FASTER = 10;

/** The textbook plan: every earlier row of the key, numbered from the newest; the planner chooses, with the server's settings. */
const TEXTBOOK = `
  select "row", event_timestamp, created_timestamp, revision, basket_mean, basket_last, risk, orders, is_member from (
    select s."row", h.*, row_number() over (
      partition by s."row" order by event_timestamp desc, created_timestamp desc, revision desc) as newest
    from spine s left join bench_history.stats_1_v1 h
      on h.account_id = s.account_id and h.event_timestamp <= s.at and h.created_timestamp <= s.at
  ) numbered where newest = 1`;

const bench: Bench = {
  name: 'pit-vs-textbook',
  what: '100,000 rows joined with 1,000,000 rows of history, against the textbook plan (inequality join and ROW_NUMBER) on the same tables',
  async run(progress, { rows: historyRows = HISTORY_ROWS } = {}) {
    const database = await startHistoryDatabase(['stats_1'], historyRows);
    const { store } = database;
    try {
      await createSpineTable(database, historyRows * SPINE_SHARE, historyRows / ROWS_PER_ACCOUNT);
      const spine = await spineBytes(database);
      const join = await joinOf(database, ['stats_1']);
      const textbook = async (): Promise<number> => {
        const client = await store.pool.connect();
        try {
          await client.query(`set max_parallel_workers_per_gather = 0`);
          const before = database.cpu();
          const started = performance.now();
          const copy = client.query(copyTo(`copy (${TEXTBOOK}) to stdout (format csv)`));
          for await (const bytes of copy as AsyncIterable<Buffer>) void bytes;
          const seconds = (performance.now() - started) / 1_000;
          progress(
            `textbook: ${seconds.toFixed(2)} s; CPU: PostgreSQL ${(database.cpu() - before).toFixed(2)} s`,
          );
          return seconds;
        } finally {
          client.release(true);
        }
      };
      const larder = async (): Promise<number> => {
        const measuredJoin = await measureJoin(database, join, spine);
        progress(`Larder: ${told(measuredJoin)}`);
        return measuredJoin.seconds;
      };
      const measured = await interleaved(ROUNDS, larder, textbook);
      const ratio = median(measured.ratios);
      return [
        {
          name: 'pit-vs-textbook',
          value: median(measured.values),
          unit: 's',
          floor: median(measured.floors),
          ratio,
          target: `≤ ${1 / MIN_TIMES_FASTER} × its time`,
          ok: ratio <= 1 / MIN_TIMES_FASTER,
        },
      ];
    } finally {
      await database.close();
    }
  },
};

export default bench;
