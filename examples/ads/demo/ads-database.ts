import pg from 'pg';

/** PostgreSQL's `duplicate_database`. */
const DUPLICATE_DATABASE = '42P04';

/** A database `ads` on the embedded server: in life, the advertiser's own, somewhere else. @returns its address */
export async function createAdsDatabase(larderDatabaseUrl: string): Promise<string> {
  await query(larderDatabaseUrl, 'create database ads').catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== DUPLICATE_DATABASE) throw error;
  });
  const url = new URL(larderDatabaseUrl.replace('@/', '@localhost/')); // a socket's address has no host, which URL refuses
  url.pathname = '/ads';
  return url.href.replace('@localhost/', '@/');
}

/** @throws Error when the database holds any table that the demo did not make itself */
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

async function query(databaseUrl: string, sql: string): Promise<pg.QueryResult<Record<string, unknown>>> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // the calls below reject with the reason
  try {
    await client.connect();
    return await client.query(sql);
  } finally {
    await client.end();
  }
}
