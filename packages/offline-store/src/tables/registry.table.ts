import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

/** `json`, not `jsonb`: the order of a manifest's members is the order of definition. */
type Json = ColumnType<unknown, string, never>;

/** Append-only: the newest row of a project is what is applied. */
export interface ManifestsTable {
  id: GeneratedAlways<number>;
  project: string;
  manifest: Json;
  /** What this apply changed, as shown to the person who applied. */
  changes: Json;
  /** References whose own code changed under `--same-meaning`. */
  same_meaning: string[];
  actor: string;
  applied_at: Generated<Date>;
}

/** Every view version that was ever applied: removing one from the configuration does not free its number. */
export interface ViewVersionsTable {
  project: string;
  view: string;
  version: number;
  /** The immutable part: entity with join keys, source, schema, compute. */
  definition: ColumnType<unknown, string, string>;
  manifest_id: number;
  created_at: Generated<Date>;
}

export interface ModelVersionsTable {
  project: string;
  model: string;
  version: number;
  inputs: Json;
  outputs: Json;
  artifact_path: string;
  artifact_sha256: string;
  manifest_id: number;
  created_at: Generated<Date>;
}
