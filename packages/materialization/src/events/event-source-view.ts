import type { EntityManifest, EventSourceManifest, FeatureViewManifest } from '@larder/features';
import { EVENT_SOURCE_VERSION } from '@larder/offline-store';

const ROWS_PER_CHUNK = 2_000;

/** An event source as runs see it: a view of the entity "event", whose rows are the events. */
export interface EventSourceView {
  readonly manifest: FeatureViewManifest;
  readonly entity: EntityManifest;
}

export function eventSourceView(source: EventSourceManifest): EventSourceView {
  const { name, schema, backfill, fingerprint } = source;
  return {
    manifest: {
      name,
      version: EVENT_SOURCE_VERSION,
      entity: name,
      ttl_ms: 'forever',
      schedule: null,
      available_after_ms: 0,
      chunk_rows: ROWS_PER_CHUNK,
      ...(source.retention_ms !== 'forever' && { retention_ms: source.retention_ms }),
      source: backfill ?? {
        kind: 'events',
        event_timestamp_column: 'event_timestamp',
        created_timestamp_column: null,
      },
      schema,
      compute: null,
      owner: null,
      tags: {},
      fingerprint,
      schema_fingerprint: 0,
    },
    entity: { name, join_keys: [{ name: 'event_id', type: 'string' }] },
  };
}
