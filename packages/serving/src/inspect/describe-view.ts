import { encodeJsonValue, type FeatureViewManifest, type FieldValue, type JsonValue } from '@larder/features';
import { findHistoryRow, lastTileChange, withinDeadline, type TileChange } from '@larder/offline-store';
import {
  compileTtlAtRead,
  compileValueReader,
  readRowHeader,
  rowIsOf,
  tilesAt,
  type InspectedField,
} from '@larder/online-store';
import type { InspectDeps, InspectedView, InspectedWindow } from './inspected-entity.ts';

export interface DescribeDeps extends InspectDeps {
  readonly entity: string;
  /** Canonical. */
  readonly key: string;
  readonly keys: Readonly<Record<string, FieldValue>>;
}

export interface DescribedView {
  readonly answer: InspectedView;
  readonly historyAnswered: boolean;
}

/** One field of the entity's hash: values, times, age, and the run that wrote it. */
export async function describeView(deps: DescribeDeps, held: InspectedField): Promise<DescribedView> {
  const view = deps.manifest.feature_views[held.viewRef];
  const [name = held.viewRef, version = '1'] = held.viewRef.split('@');
  const written = { name, version: Number(version), entity: deps.entity };
  const header = readRowHeader(held.row) ?? { eventTimestampMs: 0, createdTimestampMs: 0, revision: 0 };
  const nowMs = deps.clock.nowMs();
  // A windowed view comes from many events: no one row of history explains it, but one run was the last.
  const found = await asked(() =>
    view?.windowed === undefined
      ? findHistoryRow(deps.offlineStore, deps.manifest, written, { keys: deps.keys, ...header })
      : lastTileChange(deps.offlineStore, { project: deps.manifest.project, view }, deps.key),
  );
  const ageMs = nowMs - header.eventTimestampMs;
  const { provenance } = found;
  return {
    historyAnswered: found.answered,
    answer: {
      ref: held.viewRef,
      view: name,
      version: written.version,
      status: view === undefined ? 'NOT_LOADED' : statusOf(view, held.row, nowMs),
      event_timestamp: new Date(header.eventTimestampMs).toISOString(),
      created_timestamp: new Date(header.createdTimestampMs).toISOString(),
      landed_at: provenance?.landedAt?.toISOString() ?? null,
      online_at: provenance?.onlineAt?.toISOString() ?? null,
      revision: header.revision,
      age_ms: ageMs,
      ttl_ms: view?.ttl_ms ?? null,
      ttl_left_ms: view === undefined || view.ttl_ms === 'forever' ? null : Math.max(0, view.ttl_ms - ageMs),
      freshness_objective_ms: view?.freshness_objective_ms ?? null,
      size_bytes: held.sizeBytes,
      written_by:
        provenance === null || provenance.runId === null
          ? null
          : { run_id: provenance.runId, chunk_id: provenance.chunkId },
      values: view === undefined ? null : valuesOf(view, held.row, nowMs),
      ...(view !== undefined && windowsOf(view, held.row, nowMs)),
    },
  };
}

const HISTORY_DEADLINE_MS = 1_000;

interface FoundProvenance {
  readonly provenance: TileChange | null;
  readonly answered: boolean;
}

/** Asked also for a removed view version, whose history stays. What Redis holds is shown even while PostgreSQL is down or hangs. */
async function asked(history: () => Promise<TileChange | null>): Promise<FoundProvenance> {
  try {
    return { provenance: await withinDeadline(history(), HISTORY_DEADLINE_MS), answered: true };
  } catch {
    return { provenance: null, answered: false };
  }
}

/** A complete header with another schema or format is a row of another version; anything else that cannot be read is damaged. */
function statusOf(view: FeatureViewManifest, row: Buffer, nowMs: number): InspectedView['status'] {
  const status = compileTtlAtRead(view)(row, nowMs);
  if (status === 'PRESENT' || status === 'OUTSIDE_MAX_AGE') return status;
  return readRowHeader(row) === null || rowIsOf(view, row) ? 'UNREADABLE' : 'NOT_LOADED';
}

/** Null when the row cannot be read with the definition. */
function valuesOf(view: FeatureViewManifest, row: Buffer, nowMs: number): Record<string, JsonValue> | null {
  const status = compileTtlAtRead(view)(row, nowMs);
  if (status !== 'PRESENT' && status !== 'OUTSIDE_MAX_AGE') return null;
  const names = view.schema.map(({ name }) => name);
  const values = compileValueReader(view, names).read(row, nowMs);
  return Object.fromEntries(
    view.schema.map((field, at) => [field.name, encodeJsonValue(field, values[at] ?? null)]),
  );
}

function windowsOf(
  view: FeatureViewManifest,
  row: Buffer,
  nowMs: number,
): { readonly windows?: InspectedWindow[] } {
  const windows = tilesAt(view, row, nowMs);
  if (windows === null) return {};
  return {
    windows: windows.map(({ window, windowMs, hopMs, tiles, oldestMs }) => ({
      window,
      window_ms: windowMs,
      hop_ms: hopMs,
      tiles,
      oldest_tile: oldestMs === null ? null : new Date(oldestMs).toISOString(),
    })),
  };
}
