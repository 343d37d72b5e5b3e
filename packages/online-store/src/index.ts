// Connections
export { connectRedis } from './connection/connect-redis.ts';
export type { ConnectRedisOptions, Redis, RedisRole } from './connection/connect-redis.ts';
export { checkRedisPolicy } from './connection/check-redis-policy.ts';
export { refusedCommand } from './connection/refused-command.ts';
export { waitForRedis } from './connection/wait-for-redis.ts';
// Keys
export { entityKey, entityKeyOfTexts, parseEntityKey } from '@larder/features';
export { slotOfEntity } from './keys/tombstones.ts';
export type { KeyHasher } from './keys/tombstones.ts';
// Rows
export { compileRowCodec } from './rows/row-codec.ts';
export type { DecodedRow, RowCodec } from './rows/row-codec.ts';
export { encodeGoneRow, isGoneRow } from './rows/gone-row.ts';
export { readRowHeader, rowEventTimestampMs, writeRowHeader } from './rows/row-header.ts';
export type { RowHeader } from './rows/row-header.ts';
export { rowLayout, setBit } from './rows/row-layout.ts';
export type { RowSchema, Slot } from './rows/row-layout.ts';
export { compileTensorDecoder } from './reading/tensor-decoder.ts';
export type { TensorDecoder, TensorMemory } from './reading/tensor-decoder.ts';
export { compileValueReader } from './reading/value-reader.ts';
export type { ValueReader } from './reading/value-reader.ts';
export { compileNullCounter } from './reading/null-counter.ts';
export type { NullCounter } from './reading/null-counter.ts';
export { compileNullReader } from './reading/null-reader.ts';
export type { NullReader } from './reading/null-reader.ts';
export { compileRowIfAbsent, wasWritten } from './reading/row-if-absent.ts';
export { rowIsOf } from './reading/row-is-of.ts';
export { tilesAt } from './reading/tiles-at.ts';
export { compileTtlAtRead } from './reading/ttl-at-read.ts';
export type { ViewStatus, ViewStatusOf } from './reading/ttl-at-read.ts';
// Store
export { createOnlineStore } from './online-store.ts';
export type { OnlineStore, OnlineStoreDeps } from './online-store.ts';
export { holdsNoRows } from './inspection/holds-no-rows.ts';
export type { EntityInspection, InspectedField } from './inspection/inspect-entity.ts';
export type { KeyPage, ListKeysOptions } from './inspection/list-keys.ts';
export { compileRead } from './reading/read-rows.ts';
export type { ReadGroup, ReadPlan, RowOrNull } from './reading/read-rows.ts';
export type { OnlineEntity } from './inspection/read-entities.ts';
export type { SeenRow } from './writing/replace-seen.ts';
export type { RestoringMark } from './writing/mark-restoring.ts';
export type { WriteOutcome } from './writing/send-packed.ts';
export type { OnlineRow } from './writing/write-rows.ts';
export type { EntityTiles, TilesToWrite } from './writing/write-tiles.ts';
export { compileTileCodec } from './tiles/tile-codec.ts';
export { CLOCK_ALLOWANCE_MS, firstTileAt } from './tiles/tile-layout.ts';
export type { DecodedTiles, Tile, TileCodec } from './tiles/tile-codec.ts';
