import pg from 'pg';

/** Runs one statement on a new connection. */
export async function query(
  databaseUrl: string,
  sql: string,
): Promise<pg.QueryResult<Record<string, unknown>>> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // the calls below reject with the reason
  try {
    await client.connect();
    return await client.query(sql);
  } finally {
    await client.end();
  }
}
