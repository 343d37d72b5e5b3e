import { query } from '../src/query.ts';

/** @throws Error when the database holds any table that the demo did not create */
export async function refuseForeignDatabase(databaseUrl: string): Promise<void> {
  const { rows } = await query(
    databaseUrl,
    `select table_schema || '.' || table_name as name from information_schema.tables
      where table_schema not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const names = rows.map(({ name }) => String(name));
  const ownDemo =
    names.includes('public.ads') && names.includes('public.ad_days') && names.includes('larder.runs');
  if (names.length === 0 || ownDemo) return;
  throw new Error(
    `--database-url is not empty: it holds ${names.length} tables (${names.slice(0, 3).join(', ')}, …). ` +
      'The demo never writes into a database that somebody uses; create an empty one and name that.',
  );
}
