import { LarderError, type Clock } from '@larder/core';
import {
  fingerprint,
  type EntityManifest,
  type EventSourceManifest,
  type FieldManifest,
  type Manifest,
} from '@larder/features';
import { checkEvents, type CheckedEvents } from './check-events.ts';

export interface EventsRequest {
  /** The applied manifest. */
  readonly manifest: Manifest;
  readonly source: string;
  /** `event_id`, `event_timestamp` and the fields of the source, as JSON of the HTTP API; the caller limits their number. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly idempotencyKey?: string | undefined;
}

/** Events of one request that were checked at arrival, ready to land, alone or with others of their source. */
export interface EventBatch {
  readonly manifest: Manifest;
  readonly source: EventSourceManifest;
  readonly checked: CheckedEvents;
  readonly idempotencyKey: string | null;
  readonly requestSha256: string;
}

/** @throws EVENT_SOURCE_NOT_FOUND */
export async function acceptEvents(clock: Clock, request: EventsRequest): Promise<EventBatch> {
  const { manifest, events } = request;
  const source = findEventSource(manifest, request.source);
  const checked = await checkEvents(events, {
    source,
    entities: entitiesOfViews(manifest, source),
    times: manifest,
    arrivalMs: clock.nowMs(),
  });
  return {
    manifest,
    source,
    checked,
    idempotencyKey: request.idempotencyKey ?? null,
    // Without a key it is never compared with another request.
    requestSha256:
      request.idempotencyKey === undefined ? '' : fingerprint({ events: request.source, batch: events }),
  };
}

/** @throws EVENT_SOURCE_NOT_FOUND */
export function findEventSource(
  manifest: Pick<Manifest, 'event_sources'>,
  name: string,
): EventSourceManifest {
  const sources = manifest.event_sources ?? {};
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (source !== undefined) return source;
  throw new LarderError(
    'EVENT_SOURCE_NOT_FOUND',
    `No event source of this name is applied. Applied are: ${Object.keys(sources).join(', ') || 'none'}.`,
  );
}

/** Entities of the windowed views of a source. */
export function entitiesOfViews(
  { entities, feature_views }: Pick<Manifest, 'entities' | 'feature_views'>,
  source: EventSourceManifest,
): EntityManifest[] {
  const views = Object.values(feature_views).filter(({ windowed }) => windowed?.event_source === source.name);
  return [...new Set(views.map(({ entity }) => entity))].flatMap((name) => entities[name] ?? []);
}

/** Entities whose join keys are fields of the events: an event belongs to each, and an erasure of each reaches it. */
export function entitiesInEvents(
  { entities }: Pick<Manifest, 'entities'>,
  source: EventSourceManifest,
): EntityManifest[] {
  const isField = (key: FieldManifest) =>
    key.constant === undefined &&
    source.schema.some(({ name, type }) => name === key.name && type === key.type);
  return Object.values(entities).filter(({ join_keys: keys }) => keys.length > 0 && keys.every(isField));
}
