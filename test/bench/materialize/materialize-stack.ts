import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { abandonedStateFolders, openStateFolder, removeStateFolder } from '@larder/infra';
import { startStack, type Stack } from '@larder/infra/stack';
import pg from 'pg';

const root = resolve(import.meta.dirname, '../../..');
const HISTORY = 'bench_history.account_stats_v1';

export interface MaterializeStack {
  readonly stack: Stack;
  query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]>;
  /** Empties history and the online store. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/** A stack whose source is a table of `rows` accounts in a separate database on the same server. */
export async function startMaterializeStack(rows: number): Promise<MaterializeStack> {
  for (const name of abandonedStateFolders(root, 'bench'))
    rmSync(join(root, '.larder', name), { recursive: true, force: true });
  const state = openStateFolder(root, `bench-${process.pid}`);
  const stack = await startStack({
    project: join(import.meta.dirname, 'larder.config.ts'),
    root: state.path,
    port: 16_590,
    actor: 'bench',
    async env({ databaseUrl }) {
      await withClient(databaseUrl, (client) => client.query('create database shop'));
      const sourceUrl = databaseUrl.replace(/^(postgresql:\/\/[^/]*)\/[^?]*/, '$1/shop');
      await withClient(sourceUrl, (client) => seed(client, rows));
      return { LARDER_CONNECTION_SHOP_URL: sourceUrl };
    },
  });
  const query = <Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> =>
    withClient(stack.databaseUrl, async (client) => (await client.query<Row>(sql)).rows);
  return {
    stack,
    query,
    async empty() {
      await query(`truncate ${HISTORY}`);
      await query('checkpoint');
    },
    async close() {
      await stack.stop();
      removeStateFolder(state);
    },
  };
}

/** Spread over the last 20 days; one value in fifty is missing. */
async function seed(client: pg.Client, rows: number): Promise<void> {
  await client.query(`
    create table account_stats (
      account_id text primary key, updated_at timestamptz not null, basket_mean real, basket_last real,
      balance double precision, risk double precision, orders bigint, orders_30d bigint, is_member boolean,
      country text, plan text, last_order_at timestamptz)`);
  await client.query(`
    insert into account_stats
    select 'account-' || lpad(n::text, 9, '0'), now() - n % 1728000 * interval '1 second', sqrt(n)::real,
      (n % 9973 / 7.0)::real, n * 0.37, case when n % 50 = 0 then null else sin(n) end, n::bigint * 7919, n % 60, n % 3 = 0,
      (array['DE', 'FR', 'JP', 'BR', null])[1 + n % 5], (array['free', 'plus', 'family', 'enterprise'])[1 + n % 4],
      now() - n % 800000 * interval '1 second'
    from generate_series(1, ${rows}) n`);
  await client.query('vacuum analyze account_stats');
}

async function withClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
