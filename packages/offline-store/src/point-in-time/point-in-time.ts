import type { EntityManifest, FeatureViewManifest, FieldManifest, Manifest } from '@larder/features';
import type { HistoryProject } from '../history/history-table.ts';

/**
 * Which rows of history a spine row at time t may see. `created`: event and created timestamp ≤ t. `online`: event
 * timestamp ≤ t, and the online store confirmed the row's chunk by t.
 */
export type CutOff = 'created' | 'online';

export interface JoinedView {
  readonly view: FeatureViewManifest;
  /** Features to return, in this order. */
  readonly features: readonly FieldManifest[];
  /** Maximum age of the event timestamp at the spine row's time. */
  readonly ttlMs: number | 'forever';
}

/** A point-in-time join as both engines (PostgreSQL, DuckDB) understand it. */
export interface PointInTimeJoin {
  /** `event_sources`: those of its windowed views. */
  readonly project: HistoryProject & Pick<Manifest, 'event_sources'>;
  /** All views of one join have this entity. */
  readonly entity: EntityManifest;
  readonly views: readonly JoinedView[];
  readonly cutOff: CutOff;
  /** Only rows that landed before this instant: the same join later gives the same rows. */
  readonly landedBefore: Date;
}

/** `v<i>_status` in the result, as numbers: the same as the statuses of an online read. */
export const JOINED_STATUS = { NOT_FOUND: 0, PRESENT: 1, OUTSIDE_MAX_AGE: 2 } as const;

/**
 * One column of the result of a join: `row`, then for each view its status, the three parts of the row order and the
 * features. The row order is null where the view is NOT_FOUND, features are null unless it is PRESENT.
 */
export type JoinedColumn =
  | { readonly name: 'row'; readonly holds: 'row' }
  | {
      readonly name: string;
      readonly holds: 'status' | 'event_ms' | 'created_ms' | 'revision';
      /** Index in `PointInTimeJoin.views`. */
      readonly view: number;
    }
  | {
      readonly name: string;
      readonly holds: 'feature';
      readonly view: number;
      readonly field: FieldManifest;
    };

/** Columns of the result, in order. */
export function joinedColumns(join: Pick<PointInTimeJoin, 'views'>): JoinedColumn[] {
  return [
    { name: 'row', holds: 'row' },
    ...join.views.flatMap(({ features }, view): JoinedColumn[] => [
      { name: `v${view}_status`, holds: 'status', view },
      { name: `v${view}_event_ms`, holds: 'event_ms', view },
      { name: `v${view}_created_ms`, holds: 'created_ms', view },
      { name: `v${view}_revision`, holds: 'revision', view },
      ...features.map((field, at): JoinedColumn => ({
        name: `v${view}_f${at}`,
        holds: 'feature',
        view,
        field,
      })),
    ]),
  ];
}
