export { startPostgresProxy } from './postgres-proxy.ts';
export type { PostgresProxy } from './postgres-proxy.ts';
