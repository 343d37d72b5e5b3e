import { LarderError, isLarderError, type Clock } from '@larder/core';
import {
  encodeJsonValue,
  type EntityManifest,
  type FieldValue,
  type JsonValue,
  type Manifest,
} from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { entityKey, parseEntityKey, type OnlineStore } from '@larder/online-store';
import { describeView } from './describe-view.ts';

export interface InspectDeps {
  readonly onlineStore: Pick<OnlineStore, 'inspect'>;
  readonly offlineStore: Pick<OfflineStore, 'db'>;
  /** What is applied; without that, what is loaded. */
  readonly manifest: Manifest;
  readonly clock: Clock;
}

/** Everything the online store holds for one entity; JSON of the HTTP API. */
export interface InspectedEntity {
  readonly entity: string;
  /** Canonical, escaped. */
  readonly key: string;
  readonly join_keys: Readonly<Record<string, JsonValue>>;
  readonly redis_key: string;
  /** What Redis takes for the whole key. */
  readonly memory_bytes: number;
  /** When Redis frees the memory; null: never. */
  readonly expires_at: string | null;
  /** False: PostgreSQL did not answer; run, chunk and landed_at are unknown. */
  readonly history_available: boolean;
  readonly views: InspectedView[];
}

/** One view version of it, joined with the history row it came from. */
export interface InspectedView {
  readonly ref: string;
  readonly view: string;
  readonly version: number;
  /** `NOT_LOADED`: no definition of this version and schema is known, so the values cannot be read. */
  readonly status: 'PRESENT' | 'OUTSIDE_MAX_AGE' | 'NOT_LOADED';
  readonly event_timestamp: string;
  readonly created_timestamp: string;
  /** Null: history has no such row, or cannot be asked now. */
  readonly landed_at: string | null;
  readonly revision: number;
  readonly age_ms: number;
  readonly ttl_ms: number | 'forever' | null;
  /** Null: forever, or not loaded. */
  readonly ttl_left_ms: number | null;
  readonly size_bytes: number;
  readonly written_by: { readonly run_id: string; readonly chunk_id: number } | null;
  readonly values: Readonly<Record<string, JsonValue>> | null;
}

/** Online rows of one entity joined with the history rows they came from. @throws ENTITY_NOT_FOUND, ONLINE_STORE_UNAVAILABLE */
export async function inspectEntity(deps: InspectDeps, name: string, text: string): Promise<InspectedEntity> {
  const { manifest } = deps;
  const entity = Object.hasOwn(manifest.entities, name) ? manifest.entities[name] : undefined;
  if (entity === undefined) {
    const names = Object.keys(manifest.entities).join(', ') || 'none';
    throw new LarderError('ENTITY_NOT_FOUND', `No entity of this name is defined; there are: ${names}.`);
  }
  const { keys, key } = readKey(entity, text);
  const held = await deps.onlineStore.inspect(entity.name, key);
  if (held === null || held.fields.length === 0) throw nothingHeld(entity, held?.erased === true);
  const views = await Promise.all(held.fields.map((field) => describeView({ ...deps, keys }, field)));
  return {
    entity: entity.name,
    key,
    join_keys: joinKeysJson(entity, keys),
    redis_key: held.redisKey,
    memory_bytes: held.memoryBytes,
    expires_at: held.expiresAtMs === null ? null : new Date(held.expiresAtMs).toISOString(),
    history_available: views.every(({ historyAnswered }) => historyAnswered),
    views: views.map(({ answer }) => answer),
  };
}

/** @throws ENTITY_NOT_FOUND when the text can be no key of this entity */
function readKey(
  entity: EntityManifest,
  text: string,
): { readonly keys: Record<string, FieldValue>; readonly key: string } {
  try {
    const keys = parseEntityKey(entity, text);
    return { keys, key: entityKey(entity, keys) };
  } catch (error) {
    if (!isLarderError(error)) throw error;
    throw new LarderError('ENTITY_NOT_FOUND', error.message, { errors: error.errors });
  }
}

function nothingHeld(entity: EntityManifest, erased: boolean): LarderError {
  if (erased)
    return new LarderError('ENTITY_NOT_FOUND', `This ${entity.name} was erased and takes no rows any more.`);
  return new LarderError(
    'ENTITY_NOT_FOUND',
    `The online store holds nothing for this ${entity.name}: check the key's spelling, or compute it: larder backfill VIEW --entity KEY, with --force when history has it already.`,
  );
}

function joinKeysJson(
  entity: EntityManifest,
  keys: Readonly<Record<string, FieldValue>>,
): Record<string, JsonValue> {
  return Object.fromEntries(
    entity.join_keys.map((field) => [field.name, encodeJsonValue(field, keys[field.name] ?? null)]),
  );
}
