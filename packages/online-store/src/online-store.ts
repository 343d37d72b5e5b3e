import type { Redis } from 'ioredis';
import { createTombstoneSlots, type KeyHasher } from './keys/tombstones.ts';
import { allowEntity } from './writing/allow-entity.ts';
import { eraseEntity } from './writing/erase-entity.ts';
import { forgetView } from './writing/forget-view.ts';
import { type EntityInspection, inspectEntity } from './inspection/inspect-entity.ts';
import { type OnlineEntity, readEntities } from './inspection/read-entities.ts';
import { type KeyPage, type ListKeysOptions, listKeys } from './inspection/list-keys.ts';
import { type HeadersOf, readHeaders } from './reading/read-headers.ts';
import { type ReadGroup, type ReadPlan, type RowOrNull, compileRead, readRows } from './reading/read-rows.ts';
import type { RowHeader } from './rows/row-header.ts';
import { markRestoring, type RestoringMark } from './writing/mark-restoring.ts';
import { readOnlineTombstones } from './inspection/read-online-tombstones.ts';
import {
  restoreTombstones,
  tombstonesHeld,
  type RestoreTombstones,
  type Tombstone,
  type TombstonesHeld,
} from './writing/restore-tombstones.ts';
import { restoreWindows, windowsHeld, type RestoreWindows } from './writing/restore-windows.ts';
import { replaceSeen, type SeenRow } from './writing/replace-seen.ts';
import type { WriteOutcome } from './writing/send-packed.ts';
import { type OnlineRow, writeRows } from './writing/write-rows.ts';
import { type TilesToWrite, writeTiles } from './writing/write-tiles.ts';

/** Packed rows of one project in Redis; the layout is docs/reference/redis-layout.md. The caller owns the connection. */
export interface OnlineStore {
  /** Newest wins per entity and view; outcomes in the order given. @throws ONLINE_STORE_UNAVAILABLE, ONLINE_STORE_FULL */
  write(rows: readonly OnlineRow[]): Promise<WriteOutcome[]>;
  /**
   * Merges tiles into the rows of a windowed view, each unless a later version of it is stored. Safe to repeat, in any order.
   * After `created` the row has no other tiles than these. @throws ONLINE_STORE_UNAVAILABLE, ONLINE_STORE_FULL
   */
  writeTiles(tiles: TilesToWrite): Promise<WriteOutcome[]>;
  compileRead(groups: readonly ReadGroup[]): ReadPlan;
  /** The rows of these keys for each group of the plan, flat: keys × views. One round trip. @throws ONLINE_STORE_UNAVAILABLE */
  read(plan: ReadPlan, keysByGroup: readonly (readonly string[])[]): Promise<RowOrNull[][]>;
  /** The header of each entity's row of a view; null: no row. One round trip. @throws ONLINE_STORE_UNAVAILABLE */
  headers(of: HeadersOf): Promise<(RowHeader | null)[]>;
  /** Null when the store holds nothing for the entity. @throws ONLINE_STORE_UNAVAILABLE */
  inspect(entity: string, entityKey: string): Promise<EntityInspection | null>;
  /** @throws ONLINE_STORE_UNAVAILABLE */
  keys(entity: string, options: ListKeysOptions): Promise<KeyPage>;
  /** Everything of all entities, in pages; an entity may come twice. Never blocks Redis. @throws ONLINE_STORE_UNAVAILABLE */
  entities(): AsyncGenerator<readonly OnlineEntity[]>;
  /** Replaces or deletes rows that still are what was read. @returns how many @throws ONLINE_STORE_UNAVAILABLE */
  replaceSeen(rows: readonly SeenRow[]): Promise<number>;
  /** Deletes every row of a view version. @returns how many @throws ONLINE_STORE_UNAVAILABLE */
  forgetView(entity: string, viewRef: string): Promise<number>;
  /** Deletes every row of an entity; later writes for it are refused. @returns how many rows @throws ONLINE_STORE_UNAVAILABLE */
  erase(entity: string, entityKey: string): Promise<number>;
  /** Takes rows of an erased entity again. @throws ONLINE_STORE_UNAVAILABLE, ERASURE_UNFINISHED while tombstones are restored */
  allow(entity: string, entityKey: string): Promise<void>;
  /** Every tombstone of this Redis, in pages; one may come twice. @throws ONLINE_STORE_UNAVAILABLE */
  tombstones(): AsyncGenerator<readonly Tombstone[]>;
  /** What this Redis has of the tombstones. One round trip. @throws ONLINE_STORE_UNAVAILABLE */
  tombstonesHeld(): Promise<TombstonesHeld>;
  /**
   * Writes all tombstones again and deletes the rows of their entities. @returns how many entities had rows; null: another
   * process does it, or Redis lost data meanwhile @throws ONLINE_STORE_UNAVAILABLE
   */
  restoreTombstones(tombstones: RestoreTombstones): Promise<number | null>;
  /** Tells afterwards whether this Redis still has what is written from now on. @throws ONLINE_STORE_UNAVAILABLE */
  markRestoring(): Promise<RestoringMark>;
  /** Whether this Redis has had the windows of all entities since it started. One round trip. @throws ONLINE_STORE_UNAVAILABLE */
  windowsHeld(): Promise<boolean>;
  /**
   * Runs the pages, which write the windows of all entities, and notes that this Redis has them. @returns how many entities
   * there are; null: another process does it, or Redis lost data meanwhile @throws ONLINE_STORE_UNAVAILABLE
   */
  restoreWindows(windows: RestoreWindows): Promise<number | null>;
}

export interface OnlineStoreDeps {
  readonly redis: Redis;
  readonly project: string;
  /** Of the project; asked by every call that writes, erases or finds nothing. */
  readonly keyHasher: () => Promise<KeyHasher>;
}

export function createOnlineStore({ redis, project, keyHasher }: OnlineStoreDeps): OnlineStore {
  const tombstones = createTombstoneSlots(project);
  const target = async () => ({ project, tombstones, hashOf: await keyHasher() });
  return {
    write: async (rows) => writeRows(redis, await target(), rows),
    writeTiles: async (tiles) => writeTiles(redis, await target(), tiles),
    compileRead: (groups) => compileRead(project, groups),
    read: (plan, keysByGroup) => readRows(redis, plan, keysByGroup),
    headers: (of) => readHeaders(redis, project, of),
    inspect: (entity, entityKey) =>
      inspectEntity(redis, { project, keyHasher }, { name: entity, key: entityKey }),
    keys: (entity, options) => listKeys(redis, { project, entity }, options),
    entities: () => readEntities(redis, project),
    replaceSeen: (rows) => replaceSeen(redis, project, rows),
    forgetView: (entity, viewRef) => forgetView(redis, { project, entity, viewRef }),
    erase: async (entity, entityKey) => eraseEntity(redis, await target(), { name: entity, key: entityKey }),
    allow: async (entity, entityKey) => allowEntity(redis, await target(), { name: entity, key: entityKey }),
    tombstones: () => readOnlineTombstones(redis, project),
    tombstonesHeld: () => tombstonesHeld(redis, project),
    restoreTombstones: async (all) => restoreTombstones(redis, await target(), all),
    markRestoring: () => markRestoring(redis, project),
    windowsHeld: () => windowsHeld(redis, project),
    restoreWindows: (windows) => restoreWindows(redis, project, windows),
  };
}
