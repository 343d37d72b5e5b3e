import { LarderError, systemClock, type Clock } from '@larder/core';
import { entityKey, decodeJsonValue, viewRef, type FieldValue } from '@larder/features';
import {
  planTiles,
  windowedViewsOf,
  type OfflineStore,
  type RunScope,
  type TileBounds,
  type WindowedView,
} from '@larder/offline-store';
import type { LoadedViews, MaterializedView } from '../materializer/loaded-views.ts';

export interface PlanBuildDeps {
  readonly store: OfflineStore;
  readonly views: Pick<LoadedViews, 'project' | 'eventSource'>;
  readonly clock?: Clock;
}

/** Chunks of entities whose tiles are built from their events; a scope of event times means every entity. */
export async function planBuild(
  deps: PlanBuildDeps,
  view: MaterializedView,
  scope: RunScope,
): Promise<{ readonly bounds: TileBounds; readonly rows: number }[]> {
  const { source, windowed } = await recordedView(deps, view);
  return planTiles(deps.store, {
    project: deps.views.project.project,
    source,
    view: windowed,
    nowMs: (deps.clock ?? systemClock).nowMs(),
    ...('entities' in scope && { keys: scope.entities.map((keys) => keyOf(view, keys)) }),
  });
}

/** The view as landings know it. @throws DEFINITION_NOT_LOADED */
export async function recordedView(
  { store, views }: Pick<PlanBuildDeps, 'store' | 'views'>,
  view: MaterializedView,
): Promise<{ readonly source: ReturnType<LoadedViews['eventSource']>; readonly windowed: WindowedView }> {
  const source = views.eventSource(view.manifest.windowed?.event_source ?? '');
  const recorded = await windowedViewsOf(store, views.project.project, source);
  const windowed = recorded.find(
    ({ manifest }) =>
      viewRef(manifest) === viewRef(view.manifest) && manifest.fingerprint === view.manifest.fingerprint,
  );
  if (windowed !== undefined) return { source, windowed };
  throw new LarderError(
    'DEFINITION_NOT_LOADED',
    `${view.ref} is not applied with the definition of this process; apply it: larder apply`,
  );
}

function keyOf({ entity }: MaterializedView, keys: Readonly<Record<string, unknown>>): string {
  const values: Record<string, FieldValue> = {};
  for (const joinKey of entity.join_keys) {
    const decoded = decodeJsonValue(joinKey, keys[joinKey.name]);
    if (decoded.ok) values[joinKey.name] = decoded.value;
  }
  return entityKey(entity, values);
}
