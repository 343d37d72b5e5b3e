import { isLarderError } from '@larder/core';
import type { FieldValue, Manifest } from '@larder/features';
import {
  loggedJoinKeys,
  rowsAtPointers,
  windowsAsServed,
  type LoggedPrediction,
  type LoggedView,
  type OfflineStore,
  type PointedRow,
} from '@larder/offline-store';

/** One view that a prediction read, with the row that its pointer leads to. */
export interface PointedView {
  readonly view: LoggedView;
  /** Null: there was none, history no longer has it, or the key is only known as a hash. */
  readonly row: PointedRow | null;
  /** Values of the row, or of the windows as they were served; null: they cannot be had. */
  readonly values: Readonly<Record<string, FieldValue | null>> | null;
  /** The log keeps a hash of the entity's key. */
  readonly keyHidden: boolean;
}

/** Follows the pointers of a logged prediction into history. */
export async function readPointers(
  store: Pick<OfflineStore, 'db' | 'pool'>,
  manifest: Manifest,
  logged: LoggedPrediction,
): Promise<PointedView[]> {
  return Promise.all(
    logged.views.map(async (view): Promise<PointedView> => {
      const definition = manifest.feature_views[view.ref];
      const entity = definition && manifest.entities[definition.entity];
      if (definition === undefined || entity === undefined)
        return { view, row: null, values: null, keyHidden: false };
      const keys = loggedJoinKeys(entity, logged);
      if (keys === null) return { view, row: null, values: null, keyHidden: true };
      if (definition.windowed !== undefined) {
        const windows = { project: manifest, entity, view: definition };
        const moment = { keys: [keys], at: logged.predictedAt };
        const [values = null] = await windowsAsServed(store, windows, moment).catch((error: unknown) => {
          if (isLarderError(error) && error.code === 'HISTORY_MISSING') return [];
          throw error;
        });
        return { view, row: null, values, keyHidden: false };
      }
      const {
        event_timestamp_ms: eventTimestampMs,
        created_timestamp_ms: createdTimestampMs,
        revision,
      } = view;
      if (eventTimestampMs === null || createdTimestampMs === null || revision === null)
        return { view, row: null, values: null, keyHidden: false };
      const pointer = { keys, eventTimestampMs, createdTimestampMs, revision };
      const [row = null] = await rowsAtPointers(store, manifest, definition, [pointer]);
      return { view, row, values: row?.values ?? null, keyHidden: false };
    }),
  );
}
