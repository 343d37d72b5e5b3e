export type { HoldsNoRows } from './status/emptied-redis.ts';
export { readStatus } from './status/read-status.ts';
export type { Status, StatusDeps } from './status/read-status.ts';
export { fullRedis } from './status/full-redis.ts';
export { statusJson } from './status/status-json.ts';
export { startIncidents } from './webhook/start-incidents.ts';
export type { IncidentsOptions } from './webhook/start-incidents.ts';
export { postgresStanding } from './status/postgres-standing.ts';
export type { PostgresStanding } from './status/postgres-standing.ts';
