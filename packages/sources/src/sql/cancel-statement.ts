import pg from 'pg';

const TIMEOUT_MS = 5_000;

/** Over a connection of its own, without waiting; if there is none to be had, the statement timeout ends what runs. */
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
