import { fingerprint } from '../manifest/canonical-json.ts';
import { fieldManifests } from '../manifest/field-manifest.ts';
import type { FieldManifest, SourceManifest } from '../manifest/manifest.ts';
import type { EventSource } from './event-source.ts';

export interface EventSourceManifest {
  readonly name: string;
  /** Fields of an event beside its id and time. */
  readonly schema: readonly FieldManifest[];
  /** How long events are kept, by event time. */
  readonly retention_ms: number | 'forever';
  /** Where the past comes from. */
  readonly backfill: SourceManifest | null;
  /** SHA-256 over the schema and the backfill. */
  readonly fingerprint: string;
}

export function eventSourceManifest(source: EventSource): EventSourceManifest {
  const { name } = source;
  const schema = fieldManifests(source.schema);
  const backfill = source.backfill?.manifest ?? null;
  return {
    name,
    schema,
    retention_ms: source.retentionMs,
    backfill,
    fingerprint: fingerprint({ name, schema, backfill }),
  };
}
