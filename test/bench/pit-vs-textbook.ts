import { to as copyTo } from 'pg-copy-streams';
import { FEAST_SQL } from './point-in-time/feast-sql.ts';
import {
  createSpineTable,
  ROWS_PER_ACCOUNT,
  spineBytes,
  startHistoryDatabase,
} from './point-in-time/history-database.ts';
import { joinOf, measureJoin, told } from './point-in-time/measure-join.ts';
import { interleaved, median, type Bench, type BenchRow } from './row.ts';

const HISTORY_ROWS = 1_000_000;
const SPINE_SHARE = 0.1;
const ROUNDS = 3;
const MIN_TIMES_FASTER = 10;

interface OtherPlan {
  readonly sql: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** The others sort every earlier row of every key, and must not lose time on disk. */
const SETTINGS = { max_parallel_workers_per_gather: '0', work_mem: '256MB' } as const;

/** The textbook plan: every earlier row of the key, numbered from the newest. */
const TEXTBOOK: OtherPlan = {
  settings: SETTINGS,
  sql: `
  select "row", event_timestamp, created_timestamp, revision, basket_mean, basket_last, risk, orders, is_member from (
    select s."row", h.*, row_number() over (
      partition by s."row" order by event_timestamp desc, created_timestamp desc, revision desc) as newest
    from spine s left join bench_history.stats_1_v1 h
      on h.account_id = s.account_id and h.event_timestamp <= s.at and h.created_timestamp <= s.at
  ) numbered where newest = 1`,
};

/** In its favour without nested loops: the planner expects one row of each step, and would compare every row with every row. */
const FEAST: OtherPlan = { settings: { ...SETTINGS, enable_nestloop: 'off' }, sql: FEAST_SQL };

const bench: Bench = {
  name: 'pit-vs-textbook',
  what: '100,000 rows joined with 1,000,000 rows of history, against the textbook plan (inequality join and ROW_NUMBER), and against the steps of the query that Feast generates, on the same tables',
  async run(progress, { rows: historyRows = HISTORY_ROWS } = {}) {
    const database = await startHistoryDatabase(['stats_1'], historyRows);
    const { store } = database;
    try {
      await createSpineTable(database, historyRows * SPINE_SHARE, historyRows / ROWS_PER_ACCOUNT);
      const spine = await spineBytes(database);
      const join = await joinOf(database, ['stats_1']);
      const query = async (name: string, { sql, settings }: OtherPlan): Promise<number> => {
        const client = await store.pool.connect();
        try {
          for (const [setting, value] of Object.entries(settings))
            await client.query(`select set_config($1, $2, false)`, [setting, value]);
          const before = database.cpu();
          const started = performance.now();
          const copy = client.query(copyTo(`copy (${sql}) to stdout (format csv)`));
          for await (const bytes of copy as AsyncIterable<Buffer>) void bytes;
          const seconds = (performance.now() - started) / 1_000;
          progress(
            `${name}: ${seconds.toFixed(2)} s; CPU: PostgreSQL ${(database.cpu() - before).toFixed(2)} s`,
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
      const compared = async (name: string, plan: OtherPlan): Promise<BenchRow> => {
        const measured = await interleaved(ROUNDS, larder, () => query(name, plan));
        const ratio = median(measured.ratios);
        return {
          name: `pit-vs-${name}`,
          value: median(measured.values),
          unit: 's',
          floor: median(measured.floors),
          ratio,
          target: `≤ ${1 / MIN_TIMES_FASTER} × its time`,
          ok: ratio <= 1 / MIN_TIMES_FASTER,
        };
      };
      return [await compared('textbook', TEXTBOOK), await compared('feast', FEAST)];
    } finally {
      await database.close();
    }
  },
};

export default bench;
