import pg from 'pg';

const TIMEOUT_MS = 5_000;

/** Cancels over a separate connection, without waiting; if none can be opened, the statement timeout ends the statement. */
export function cancelStatement(url: string, backendPid: number): void {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    application_name: 'larder-source',
  });
  client.on('error', () => {});
  void client
    .connect()
    .then(() => client.query('select pg_cancel_backend($1)', [backendPid]))
    .catch(() => {})
    .then(() => client.end())
    .catch(() => {});
}
