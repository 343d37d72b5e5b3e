import { startSocketForwarder, type SocketForwarder } from './socket-forwarder.ts';

/** A proxy to PostgreSQL that a test can cut. */
export interface PostgresProxy extends SocketForwarder {
  readonly url: string;
}

/** `databaseUrl` must name a unix socket folder in `host`. */
export async function startPostgresProxy(databaseUrl: string): Promise<PostgresProxy> {
  // WHATWG URLs require a host.
  const target = new URL(databaseUrl.replace('@/', '@localhost/'));
  const socketPath = `${target.searchParams.get('host')}/.s.PGSQL.${target.searchParams.get('port') ?? (target.port || '5432')}`;
  const forwarder = await startSocketForwarder(socketPath);
  return {
    ...forwarder,
    url: `postgresql://${target.username || 'larder'}@127.0.0.1:${forwarder.port}${target.pathname}`,
  };
}
