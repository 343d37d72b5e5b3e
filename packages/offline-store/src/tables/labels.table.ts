import type { ColumnType, Generated } from 'kysely';

/** One row per event of a source that says something about an outcome; rows are added and never changed. */
export interface LabelsTable {
  label_id: Generated<number>;
  project: string;
  name: string;
  /** Who reports the event; event ids are unique within it. */
  source: string;
  event_id: string;
  /** Either this, or `entity` and `entity_key`. */
  prediction_id: string | null;
  entity: string | null;
  /** Canonical text of the join keys; with `key_hashed`, a keyed hash of it in hex. */
  entity_key: string | null;
  key_hashed: Generated<boolean>;
  event_timestamp: Date;
  /** A boolean, number or text; null takes back. */
  value: ColumnType<boolean | number | string | null, string | null, never>;
  /** The event of the same source that this one replaces. */
  corrects_event_id: string | null;
  weight: number;
  received_at: Generated<Date>;
}
