import type { EventSourceManifest, SourceRow } from '@larder/features';
import {
  ensureEventPartitions,
  landEvents,
  limitSilence,
  windowedViewsOf,
  type ArrivedEvent,
  type ChangedTiles,
} from '@larder/offline-store';
import { scanRows, type SourceBounds } from '@larder/sources';
import type { HeldChunk, MaterializeDeps } from '../chunk/materialize-chunk.ts';
import type { Heartbeat } from '../chunk/heartbeat.ts';
import { checkSourceRow } from '../prepare/check-features.ts';
import { prepareRows, rowFailure } from '../prepare/prepare-rows.ts';
import { lockChunk, recordLanding, type LandedFailure } from '../runs/index.ts';
import { entitiesInEvents } from './accept-events.ts';
import { refusal } from './check-events.ts';
import { erasedEvents } from './erased-events.ts';
import { tellTiles } from './tell-tiles.ts';

/**
 * Lands a chunk of the past of an event source, by the same landing as events that arrive: those that are there already change
 * nothing.
 * @returns the tiles that changed; null when the attempt was revoked
 */
export async function materializeEvents(
  deps: MaterializeDeps,
  { chunk, view, signal }: HeldChunk,
  { source, heartbeat }: { readonly source: EventSourceManifest; readonly heartbeat: Heartbeat },
): Promise<readonly ChangedTiles[] | null> {
  const { store, times, clock, views } = deps;
  const rowSource = await views.source(view);
  const sourceRows: readonly SourceRow[] = await scanRows(rowSource, chunk.bounds as SourceBounds, signal);
  const nowMs = clock.nowMs();
  const prepared = prepareRows(sourceRows, {
    view: view.manifest,
    entity: view.entity,
    times: views.eventTimes(),
    clock,
  });
  const { project } = views.project;
  const windowed = await windowedViewsOf(store, project, source);
  const options = {
    source,
    entities: windowed.map(({ entity }) => entity),
    times: views.eventTimes(),
    arrivalMs: nowMs,
  };
  const failures: LandedFailure[] = [...prepared.failures];
  const events: ArrivedEvent[] = [];
  for (const row of prepared.rows) {
    const checked = checkSourceRow(view.manifest, row);
    if (!checked.ok) {
      failures.push(checked.failure);
      continue;
    }
    const event: ArrivedEvent = {
      eventId: row.keys['event_id'] as string,
      eventTimestampMs: row.eventTimestampMs,
      createdTimestampMs: row.createdTimestampMs,
      isRetracted: false,
      values: checked.values,
    };
    const refused = refusal(event, '', options);
    if (refused === null) events.push(event);
    else failures.push(rowFailure(row, refused.code, refused.errors.map(({ detail }) => detail).join('; ')));
  }
  signal.throwIfAborted();
  await ensureEventPartitions(store, project, source, events);
  const landingMs = times.leaseMs + (events.length + failures.length) * times.landingRowMs;
  if (!(await heartbeat.stopHolding(landingMs))) return null;
  return store.transaction(async (tx) => {
    await limitSilence(tx, times.leaseMs, landingMs);
    if (!(await lockChunk(tx, chunk))) return null;
    const erased = await erasedEvents(tx, events, {
      project,
      entities: entitiesInEvents(views.project, source),
    });
    const { chunkId, revision, runId } = chunk;
    const { duplicates, changed } = await landEvents(tx, {
      project,
      source,
      events: events.filter((event) => !erased.has(event)),
      chunkId,
      revision,
      nowMs,
    });
    const skipped = duplicates.size + erased.size;
    const counts = {
      done: events.length - skipped,
      failed: failures.length,
      skipped,
      duplicate: prepared.duplicates,
    };
    await recordLanding(tx, {
      runId,
      chunkId,
      counts,
      failures,
      leaseMs: times.leaseMs,
      backoffMs: times.backoffMs,
    });
    await tellTiles(tx, { project, runId, chunkId, revision, changed });
    deps.observer.rowsLanded(view.ref, { ...counts, restored: 0 });
    return changed;
  });
}
