/** Measures the plans of docs/adr/0009-point-in-time-plan.md: `node test/bench/pit-plans.ts [ROWS OF HISTORY]`. */
import { to as copyTo } from 'pg-copy-streams';
import {
  createSpineTable,
  ROWS_PER_ACCOUNT,
  startHistoryDatabase,
} from './point-in-time/history-database.ts';

const rows = Number(process.argv[2] ?? 1_000_000);
const database = await startHistoryDatabase(['stats_1'], rows);
const FEATURES = 'basket_mean, basket_last, risk, orders, is_member';
const NEWEST = 'order by event_timestamp desc, created_timestamp desc, revision desc';
const CONDITION = 'h.account_id = s.account_id and h.event_timestamp <= s.at and h.created_timestamp <= s.at';
const lateral = (spine: string): string => `
  select s."row", h.* from ${spine} s left join lateral (
    select event_timestamp, created_timestamp, revision, ${FEATURES} from bench_history.stats_1_v1 h
    where ${CONDITION} ${NEWEST} limit 1) h on true`;

const PLANS: Readonly<Record<string, string>> = {
  'LATERAL, spine by key and time': lateral('by_key'),
  'LATERAL, spine by month, key and time': lateral('by_month'),
  'LATERAL, spine by day, key and time': lateral('by_day'),
  'LATERAL, spine by time': lateral('by_time'),
  'LATERAL, spine in no order': lateral('spine'),
  'inequality join and ROW_NUMBER': `
    select * from (
      select s."row", h.*, row_number() over (partition by s."row" ${NEWEST}) as newest
      from spine s left join bench_history.stats_1_v1 h on ${CONDITION}) numbered where newest = 1`,
};

try {
  await createSpineTable(database, rows / 10, rows / ROWS_PER_ACCOUNT);
  const client = await database.store.pool.connect();
  const orders = { by_key: '', by_month: `date_trunc('month', at), `, by_day: `date_trunc('day', at), ` };
  for (const [name, first] of Object.entries(orders))
    await client.query(
      `create table ${name} as select * from spine order by ${first}account_id collate "C", at`,
    );
  await client.query('create table by_time as select * from spine order by at');
  for (const setting of ['jit = off', 'max_parallel_workers_per_gather = 0', `work_mem = '256MB'`])
    await client.query(`set ${setting}`);
  await client.query('analyze');
  for (const [name, query] of Object.entries(PLANS)) {
    const seconds: number[] = [];
    const cpu: number[] = [];
    for (let round = 0; round < 2; round++) {
      const before = database.cpu();
      const started = performance.now();
      const copy = client.query(copyTo(`copy (${query}) to stdout (format csv)`));
      for await (const bytes of copy as AsyncIterable<Buffer>) void bytes;
      seconds.push((performance.now() - started) / 1_000);
      cpu.push(database.cpu() - before);
    }
    console.log(`| ${name} | ${Math.min(...cpu).toFixed(2)} | ${Math.min(...seconds).toFixed(2)} |`);
  }
  client.release();
} finally {
  await database.close();
}
