/** A table of schema `larder` whose rows of one project go into a backup. */
export interface CopiedTable {
  readonly name: string;
  /** Also the order in which new ids are given. */
  readonly orderBy: string;
  /** The identity column: the other database gives its own number, in the same order. */
  readonly id?: string;
  /** Columns with the id of a row of another table. */
  readonly refers?: Readonly<Record<string, string>>;
  /** Columns that the other database fills by itself. */
  readonly without?: readonly string[];
}

/** In the order of their references. */
export const COPIED: readonly CopiedTable[] = [
  { name: 'manifests', orderBy: 'id', id: 'id', refers: { parent_id: 'manifests' } },
  { name: 'view_versions', orderBy: 'view, version', refers: { manifest_id: 'manifests' } },
  { name: 'model_versions', orderBy: 'model, version', refers: { manifest_id: 'manifests' } },
  { name: 'model_version_marks', orderBy: 'mark_id', id: 'mark_id' },
  { name: 'alias_moves', orderBy: 'move_id', id: 'move_id', refers: { previous_move_id: 'alias_moves' } },
  // Hashes of erased keys mean nothing without the secret; tombstones are counted by a trigger.
  { name: 'erasure_secrets', orderBy: 'project', without: ['tombstones'] },
  { name: 'erasures', orderBy: 'receipt_id' },
  { name: 'tombstones', orderBy: 'entity, key_hash' },
  { name: 'artifacts', orderBy: 'sha256', without: ['touched_at'] },
];

const OF_RUNS = 'work of this environment';
const RECORDS = 'what happened in this environment';

/** Every other table, and why it stays. A test compares both lists with the database. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  api_keys: 'who may call this environment',
  api_key_secrets: 'who may call this environment',
  archive_files: 'archives belong to one database',
  archive_views: 'archives belong to one database',
  archives: 'archives belong to one database',
  audit: RECORDS,
  chains: 'made by the load, as by an apply',
  changes: 'the feed names landings of this environment',
  chunks: OF_RUNS,
  feeds: 'the other database has its own feed',
  incidents: RECORDS,
  kept_online_times: 'in the files of history',
  labels: RECORDS,
  migrations: 'the other database is migrated by itself',
  migrations_lock: 'the other database is migrated by itself',
  notices: RECORDS,
  object_parts: 'files of the backup',
  objects: 'files of the backup',
  predictions: RECORDS,
  processes: OF_RUNS,
  pushes: OF_RUNS,
  recoveries: RECORDS,
  registry_revisions: 'raised by the load',
  remembered_contents: 'computed again',
  remembered_uses: 'computed again',
  remembered_values: 'computed again',
  row_failures: OF_RUNS,
  run_links: OF_RUNS,
  runs: OF_RUNS,
  schedules: 'made by the load, as by an apply: nothing is due before',
  seen_keys: OF_RUNS,
  staged_rows: OF_RUNS,
  training_sets: 'folders of this environment',
  unnumbered_changes: 'the feed names landings of this environment',
  view_costs: 'measured on the machines of this environment',
  view_freshness: 'computed from the history that is loaded',
  windowed_views: 'made by the load, as by an apply',
};
