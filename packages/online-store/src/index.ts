// Connections
export { connectRedis } from './connect-redis.ts';
export type { ConnectRedisOptions, Redis, RedisRole } from './connect-redis.ts';
export { checkRedisPolicy, waitForRedis } from './redis-policy.ts';
// Keys
export { entityKey, entityKeyOfTexts, parseEntityKey } from './entity-key.ts';
// Rows
export { compileRowCodec } from './row-codec.ts';
export type { DecodedRow, RowCodec } from './row-codec.ts';
export { readRowHeader, rowEventTimestampMs, rowHasSchema } from './row-header.ts';
export type { RowHeader, RowOrder } from './row-header.ts';
export type { RowSchema } from './row-layout.ts';
export { compileTensorDecoder } from './tensor-decoder.ts';
export type { TensorDecoder } from './tensor-decoder.ts';
export { compileValueReader } from './value-reader.ts';
export type { ValueReader } from './value-reader.ts';
export { compileViewStatus } from './view-status.ts';
export type { ViewStatus, ViewStatusOf } from './view-status.ts';
// Store
export { createOnlineStore } from './online-store.ts';
export type { OnlineStore } from './online-store.ts';
export type { EntityInspection, InspectedField } from './inspect-entity.ts';
export type { KeyPage, ListKeysOptions } from './list-keys.ts';
export { compileRead } from './read-rows.ts';
export type { ReadGroup, ReadPlan, RowOrNull } from './read-rows.ts';
export type { OnlineRow, WriteOutcome } from './write-rows.ts';
