import { historyPlace, type Database, type OfflineStore } from '@larder/offline-store';
import type { FeatureViewManifest, FieldManifest, Manifest } from '@larder/features';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { ComparableViews } from './comparable-views.ts';

/** Keys of the newest rows in history. */
export interface Coverage {
  readonly before: number;
  readonly after: number;
  readonly both: number;
  /** Within the view's TTL now, so that they would be served. */
  readonly before_fresh: number;
  readonly after_fresh: number;
}

/** Values of one feature over the keys of one view version. */
export interface Distribution {
  readonly nulls: number;
  /** 0, 5, 25, 50, 75, 95 and 100 %; null for features that are no numbers. */
  readonly quantiles: readonly number[] | null;
  readonly mean: number | null;
}

export interface ComparedFeature {
  readonly name: string;
  readonly type: FieldManifest['type'];
  readonly before: Distribution;
  readonly after: Distribution;
  /** Of the keys that both have: how many values differ. */
  readonly changed: number;
  /** Mean of the absolute difference where both have a number. */
  readonly mean_difference: number | null;
}

export interface ComparedHistory {
  readonly coverage: Coverage;
  readonly features: readonly ComparedFeature[];
}

const QUANTILES = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1];
const NUMBERS: ReadonlySet<FieldManifest['type']> = new Set([
  'float32',
  'float64',
  'int64',
  'bool',
  'timestamp',
]);
const STATEMENT_MS = 30 * 60_000;
/** After a process that was killed, its statement ends so soon. */
const LEFT_MS = 2_000;

/** The newest row of every key in both versions: which keys there are, and how their values are distributed and differ. */
export async function compareHistory(
  store: OfflineStore,
  manifest: Manifest,
  { before, after, common, signal }: ComparableViews & { readonly signal?: AbortSignal | undefined },
): Promise<ComparedHistory> {
  return store.transaction(async ({ db }) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
    // PostgreSQL would not notice that nobody waits for it.
    const cancel = (): void =>
      void store.pool.query('select pg_cancel_backend($1)', [rows[0]?.pid]).catch(() => {});
    signal?.throwIfAborted();
    signal?.addEventListener('abort', cancel);
    try {
      return await compared(db);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  });

  async function compared(db: Kysely<Database>): Promise<ComparedHistory> {
    await sql`select set_config('statement_timeout', ${String(STATEMENT_MS)}, true),
      set_config('client_connection_check_interval', ${String(LEFT_MS)}, true)`.execute(db);
    await newestRows(db, manifest, { view: before, common, table: 'compared_before' });
    await newestRows(db, manifest, { view: after, common, table: 'compared_after' });
    const keys = manifest.entities[after.entity]?.join_keys.map(({ name }) => sql.ref(name)) ?? [];
    const coverage = await readCoverage(db, keys);
    const features: ComparedFeature[] = [];
    for (const [at, field] of common.entries()) {
      const [was, now] = await Promise.all(
        ['compared_before', 'compared_after'].map((table) => distribution(db, table, { field, at })),
      );
      features.push({
        name: field.name,
        type: field.type,
        before: was as Distribution,
        after: now as Distribution,
        ...(await difference(db, keys, { field, at })),
      });
    }
    return { coverage, features };
  }
}

interface NewestRows {
  readonly view: FeatureViewManifest;
  readonly common: readonly FieldManifest[];
  readonly table: string;
}

/** One row per key with its values as `f0`, `f1`, …; what is no number as a hash, because vectors are large. */
async function newestRows(db: Kysely<Database>, manifest: Manifest, rows: NewestRows): Promise<void> {
  const { view, common, table } = rows;
  const place = historyPlace(manifest, view);
  const keys = place.keys.map(({ name }) => sql.ref(name));
  const values = common.map(({ name, type }, at) => {
    const column = sql.ref(name);
    const value = NUMBERS.has(type) ? number(column, type) : sql`hashtextextended(${column}::text, 0)`;
    return sql`${value} as ${sql.ref(`f${at}`)}`;
  });
  const ttl =
    view.ttl_ms === 'forever'
      ? sql`true`
      : sql`now() - event_timestamp <= ${`${view.ttl_ms} milliseconds`}::interval`;
  const gone = view.schema.some(({ name }) => name === 'is_gone') ? sql`false` : sql`is_gone`;
  await sql`create temp table ${sql.ref(table)} on commit drop as
    select ${sql.join([...keys, sql`${ttl} as larder_fresh`, ...values])} from (
      select distinct on (${sql.join(keys)}) * from ${sql.table(`${place.schema}.${place.name}`)}
      order by ${sql.join(keys)}, event_timestamp desc, created_timestamp desc, revision desc
    ) newest where not ${gone}`.execute(db);
  await sql`create unique index on ${sql.ref(table)} (${sql.join(keys)})`.execute(db);
  await sql`analyze ${sql.ref(table)}`.execute(db);
}

function number(column: RawBuilder<unknown>, type: FieldManifest['type']): RawBuilder<unknown> {
  if (type === 'bool') return sql`${column}::int::float8`;
  return type === 'timestamp' ? sql`extract(epoch from ${column})::float8 * 1000` : sql`${column}::float8`;
}

async function readCoverage(db: Kysely<Database>, keys: readonly RawBuilder<unknown>[]): Promise<Coverage> {
  const { rows } = await sql<Coverage>`
    select count(b.larder_fresh)::int as before, count(a.larder_fresh)::int as after,
      count(*) filter (where b.larder_fresh is not null and a.larder_fresh is not null)::int as both,
      count(*) filter (where b.larder_fresh)::int as before_fresh,
      count(*) filter (where a.larder_fresh)::int as after_fresh
    from compared_before b full join compared_after a using (${sql.join(keys)})`.execute(db);
  return rows[0] as Coverage;
}

interface FeatureAt {
  readonly field: FieldManifest;
  readonly at: number;
}

async function distribution(
  db: Kysely<Database>,
  table: string,
  { field, at }: FeatureAt,
): Promise<Distribution> {
  const value = sql.ref(`f${at}`);
  const numbers = sql`filter (where ${value} <> 'NaN')`;
  const measured = NUMBERS.has(field.type)
    ? sql`percentile_disc(${QUANTILES}::float8[]) within group (order by ${value}) ${numbers} as quantiles,
        avg(${value}) ${numbers} as mean`
    : sql`null::float8[] as quantiles, null::float8 as mean`;
  const { rows } = await sql<Distribution>`
    select count(*) filter (where ${value} is null)::int as nulls, ${measured} from ${sql.ref(table)}`.execute(
    db,
  );
  return rows[0] as Distribution;
}

async function difference(
  db: Kysely<Database>,
  keys: readonly RawBuilder<unknown>[],
  { field, at }: FeatureAt,
): Promise<Pick<ComparedFeature, 'changed' | 'mean_difference'>> {
  const [was, now] = [sql.ref(`b.f${at}`), sql.ref(`a.f${at}`)];
  const mean = NUMBERS.has(field.type) ? sql`avg(abs(${now} - ${was}))` : sql`null::float8`;
  const { rows } = await sql<Pick<ComparedFeature, 'changed' | 'mean_difference'>>`
    select count(*) filter (where ${was} is distinct from ${now})::int as changed, ${mean} as mean_difference
    from compared_before b join compared_after a using (${sql.join(keys)})`.execute(db);
  return rows[0] as Pick<ComparedFeature, 'changed' | 'mean_difference'>;
}
