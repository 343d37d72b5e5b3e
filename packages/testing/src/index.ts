export { startTestRedis, test } from './fixtures.ts';
export type { TestDatabase, TestRedis } from './fixtures.ts';
export { startPostgresProxy } from './postgres-proxy.ts';
export type { PostgresProxy } from './postgres-proxy.ts';
