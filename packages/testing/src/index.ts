export { startTestRedis, test } from './fixtures.ts';
export type { TestDatabase, TestRedis } from './fixtures.ts';
