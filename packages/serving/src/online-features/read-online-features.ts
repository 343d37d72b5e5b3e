import { LarderError, type Clock } from '@larder/core';
import { encodeJsonValue, viewRef, type JsonValue, type Manifest } from '@larder/features';
import {
  compileRowIfAbsent,
  compileValueReader,
  compileTtlAtRead,
  rowEventTimestampMs,
  type OnlineStore,
  type ViewStatus,
  wasWritten,
} from '@larder/online-store';
import { readKeys } from './read-keys.ts';
import { resolveFeatures, type AskedFeature, type AskedView } from './resolve-features.ts';

export interface OnlineFeaturesDeps {
  readonly manifest: Manifest;
  readonly onlineStore: OnlineStore;
  readonly clock: Clock;
}

export interface OnlineFeaturesRequest {
  /** `ad_image:brightness`, `ad_image@2:brightness`, `ad_stats` (all its features). */
  readonly features: readonly string[];
  /** The join keys of every requested view, as JSON of the HTTP API. */
  readonly entities: readonly Readonly<Record<string, unknown>>[];
}

export interface OnlineFeatures {
  /** Names of a row's values, in their order: `ad_image@1:brightness`. */
  readonly features: string[];
  readonly views: string[];
  readonly rows: OnlineFeaturesRow[];
}

export interface OnlineFeaturesRow {
  /** Null: the view is not `PRESENT`, or the source had no value. */
  readonly values: JsonValue[];
  readonly views: {
    readonly status: Exclude<ViewStatus, 'UNREADABLE'>;
    readonly event_timestamp: string | null;
  }[];
}

/** Limit on the numbers in all rows together, counting each item of a vector: predictions of the same process wait 0.2 s for this many. */
const MAX_ANSWER_VALUES = 1_000_000;

/**
 * Reads these features of these entities from the online store in one round trip; only models apply defaults.
 * @throws REQUEST_INVALID with a pointer per reference or key, or more values than an answer may have;
 * ONLINE_STORE_UNAVAILABLE
 */
export async function readOnlineFeatures(
  { manifest, onlineStore, clock }: OnlineFeaturesDeps,
  request: OnlineFeaturesRequest,
): Promise<OnlineFeatures> {
  const { features, views, entities } = resolveFeatures(manifest, request.features);
  refuseTooMany(features, request.entities.length);
  const asked = readKeys(entities, request.entities);
  const viewsOf = entities.map(({ name }) => views.filter(({ view }) => view.entity === name));
  const plan = onlineStore.compileRead(
    entities.map(({ name }, e) => ({
      entity: name,
      views: (viewsOf[e] as AskedView[]).map(({ view }) => view),
    })),
  );
  const held = await onlineStore.read(
    plan,
    asked.map(({ keys }) => keys),
  );
  const nowMs = clock.nowMs();
  const readers = views.map((view) => {
    const group = entities.findIndex(({ name }) => name === view.view.entity);
    const width = (viewsOf[group] as AskedView[]).length;
    const place = (viewsOf[group] as AskedView[]).indexOf(view);
    const reader = compileValueReader(view.view, view.features);
    const statusOf = compileTtlAtRead(view.view);
    const ifAbsent = compileRowIfAbsent(view.view);
    return (row: number) => {
      const key = asked[group]?.keyOfRow[row] as number;
      const bytes = held[group]?.[key * width + place] ?? ifAbsent;
      const state = stateOf(bytes, statusOf(bytes, nowMs));
      return { state, values: reader.read(state.status === 'PRESENT' ? bytes : null, nowMs) };
    };
  });
  return {
    features: features.map(({ ref }) => ref),
    views: views.map(({ view }) => viewRef(view)),
    rows: request.entities.map((_, row) => {
      const read = readers.map((reader) => reader(row));
      return {
        values: features.map(({ view, place, field }) =>
          encodeJsonValue(field, read[view]?.values[place] ?? null),
        ),
        views: read.map(({ state }) => state),
      };
    }),
  };
}

/** A feature may be requested twice, and a vector has many numbers: only their product limits the answer. */
function refuseTooMany(features: readonly AskedFeature[], rows: number): void {
  const perRow = features.reduce((sum, { field }) => sum + (field.length ?? 1), 0);
  if (perRow * rows <= MAX_ANSWER_VALUES) return;
  const detail = `must be at most ${Math.floor(MAX_ANSWER_VALUES / perRow)} with these features: ${perRow} numbers per row, ${MAX_ANSWER_VALUES} in total`;
  throw new LarderError('REQUEST_INVALID', `/entities ${detail}.`, {
    errors: [{ pointer: '/entities', detail }],
  });
}

/** Callers see a row that cannot be read as not found. */
function stateOf(bytes: Buffer | null, status: ViewStatus): OnlineFeaturesRow['views'][number] {
  if (bytes === null || status === 'NOT_FOUND' || status === 'UNREADABLE')
    return { status: 'NOT_FOUND', event_timestamp: null };
  return {
    status,
    event_timestamp: wasWritten(bytes) ? new Date(rowEventTimestampMs(bytes)).toISOString() : null,
  };
}
