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
  /** SHA-256 of the manifest that the configuration gave, before anything was carried over. */
  digest: string | null;
  /** The manifest that was applied before. */
  parent_id: number | null;
  /** Subjects that are applied, but were not in the configuration. */
  retained: Generated<string[]>;
  /** By subject: `{identity, sources_sha256, bundle_sha256}`. */
  code: ColumnType<unknown, string | null, string>;
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
  /** `ModelContent`; null until it was published. */
  content: ColumnType<unknown, string | null, string>;
  /** What the trainer left in `training.json`. */
  training: ColumnType<unknown, string | null, string>;
  /** What apply measured. */
  measured: ColumnType<unknown, string | null, string>;
  actor: string | null;
  /** When the views that it reads had reached the declared coverage; null while they fill. */
  complete_at: Date | null;
  /** `{actor, reason, alias}`; null when nobody asked. */
  promote_when_complete: ColumnType<unknown, string | null, string | null>;
  /** When its content was removed from the artifact store. */
  collected_at: Date | null;
}

/** Append-only: the newest mark of a version counts. */
export interface ModelVersionMarksTable {
  mark_id: GeneratedAlways<number>;
  project: string;
  model: string;
  version: number;
  mark: 'bad' | 'good';
  actor: string;
  reason: string;
  marked_at: Generated<Date>;
}

/** Append-only: the newest move of an alias is the alias; `previous_move_id` makes each a compare-and-set. */
export interface AliasMovesTable {
  move_id: GeneratedAlways<number>;
  project: string;
  model: string;
  alias: string;
  previous_move_id: number | null;
  from_version: number | null;
  /** Null: the alias was dropped. */
  to_version: number | null;
  kind: 'promote' | 'rollback' | 'drop';
  actor: string;
  reason: string;
  moved_at: Generated<Date>;
}

/** Grows with every change of the registry: processes poll it. */
export interface RegistryRevisionsTable {
  project: string;
  revision: number;
}
