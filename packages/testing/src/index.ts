export { startTestRedis, test } from './fixtures.ts';
export type { TestDatabase, TestRedis } from './fixtures.ts';
export { startPostgresProxy } from './postgres-proxy.ts';
export type { PostgresProxy } from './postgres-proxy.ts';
export { startRedisProxy } from './redis-proxy.ts';
export type { RedisProxy } from './redis-proxy.ts';
export { startTlsPostgres, startTlsRedis } from './tls-stores.ts';
export { startSocketForwarder } from './socket-forwarder.ts';
export type { SocketForwarder } from './socket-forwarder.ts';
