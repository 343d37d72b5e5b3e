// Embedded stack
export { startEmbeddedPostgres } from './embedded-postgres.ts';
export type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded-postgres.ts';
export { startEmbeddedRedis } from './embedded-redis.ts';
export type { EmbeddedRedis, EmbeddedRedisOptions } from './embedded-redis.ts';
export { unpackDebianPackages } from './debian-packages.ts';
export { redisServer, toolsFolderOf } from './redis-server.ts';
export type { RedisServer } from './redis-server.ts';
// Processes, ports and folders
export { freePort } from './stack/free-port.ts';
export { findProgram, startOwnedProcess, whenReady } from './owned-process.ts';
export type { OwnedProcess, OwnedProcessOptions } from './owned-process.ts';
export { abandonedStateFolders, isRunning, openStateFolder, removeStateFolder } from './state-folder.ts';
export type { StateFolder } from './state-folder.ts';
