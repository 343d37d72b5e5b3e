import type { ColumnType, GeneratedAlways } from 'kysely';

/** Windowed views whose tiles landings keep. */
export interface WindowedViewsTable {
  readonly project: string;
  readonly view: string;
  readonly version: number;
  readonly event_source: string;
  /** `{view, entity}` of the manifest, as JSON text when written. */
  readonly definition: ColumnType<unknown, string, string>;
  readonly recorded_at: GeneratedAlways<Date>;
  /** When the tiles of all events that were there before the view were built; null: they are not yet. */
  readonly built_at: Date | null;
}
