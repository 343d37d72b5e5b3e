/** What a place can hold of an entity's key. */
type Held =
  /** The key itself, or join keys: an erasure removes it. */
  | 'key'
  /** A hash with the project's secret. */
  | 'hash'
  /** A hash without a secret: whoever reads it can tell whether a guessed key is among the hashed ones. */
  | 'unkeyed hash'
  /** A text that the user wrote, kept as it is: whether it names a key is up to its author. */
  | 'text of the user';

interface Place {
  /** Columns that hold something of a key; every other column of the table is in `without`. */
  readonly columns: Readonly<Record<string, Held>>;
  readonly without: readonly string[];
  /** What erases it, or why there is nothing to erase. */
  readonly how: string;
}

const none = (how: string, without: string): Place => ({ columns: {}, without: without.split(' '), how });
const CHANGE =
  'project position id xid kind view version entity run_id chunk_id revision rows first_event_timestamp last_event_timestamp recorded_at numbered_at';

/**
 * Every table of the schema `larder`. A test compares it with the database, and searches a database that was filled and
 * erased for the key: a new table or column belongs here, and, if it can hold a key, into an erasure.
 */
export const TABLES: Readonly<Record<string, Place>> = {
  alias_moves: none(
    'names models',
    'move_id project model alias previous_move_id from_version to_version kind actor reason moved_at',
  ),
  api_key_secrets: none('hashes of secrets', 'key_id secret_sha256 created_at created_by expires_at'),
  api_keys: none(
    'keys of the API, which are not entity keys',
    'key_id project environment name role scopes rate_requests rate_window_seconds revision created_at created_by expires_at last_used_at revoked_at revoked_by',
  ),
  archive_files: none(
    'names files by view and month; their rows are erased by eraseFromArchive',
    'archive_id view version path month rows size_bytes staged_as removed',
  ),
  archive_views: none(
    'names views',
    'archive_id view version entity generation feed_id position erased_until archived_at',
  ),
  archives: none('names folders', 'archive_id project host folder created_at'),
  artifacts: none('files of models', 'sha256 files created_at touched_at'),
  chains: none('names views', 'project view version fingerprint cursor'),
  audit: {
    columns: { subject: 'hash' },
    without:
      'audit_id at project actor key_id action request_id address before after outcome code calls'.split(' '),
    how: 'kept: entries about an entity name it by the hash',
  },
  changes: {
    columns: { entity_key: 'hash' },
    without: CHANGE.split(' ').filter((name) => name !== 'id' && name !== 'xid'),
    how: 'an erasure is recorded by the hash; landings name chunks',
  },
  chunks: {
    columns: { bounds: 'key' },
    without:
      'chunk_id run_id ordinal retry_of state attempt failures not_before dispatched_by dispatched_at claimed_by lease_expires_at rows_total rows_done rows_failed rows_skipped rows_duplicate error_code error_reason started_at landed_at finished_at online_at set_aside rows_erased revision'.split(
        ' ',
      ),
    how: 'eraseQueuedWork takes the key out of listed keys and out of the limits of ended chunks',
  },
  erasure_secrets: none('the secret of the hashes', 'project secret tombstones created_at'),
  erasures: {
    columns: { entity_key: 'key', key_hash: 'hash' },
    without:
      'receipt_id project entity status actor reason removed still_held requested_at lease_expires_at error_code error_reason completed_at allowed_at allowed_by allowed_reason'.split(
        ' ',
      ),
    how: 'completeErasure removes the key; until then a worker needs it to continue',
  },
  feeds: none('positions', 'project feed_id first_position last_position'),
  incidents: none(
    'names views, runs, processes and receipts; reasons of runs name no key',
    'incident_id project kind subject since detail next opened_at resolved_at',
  ),
  kept_online_times: none('times of chunks', 'chunk_id online_at'),
  labels: {
    columns: { entity_key: 'key' },
    without:
      'label_id project name source event_id prediction_id entity key_hashed event_timestamp value corrects_event_id weight received_at'.split(
        ' ',
      ),
    how: 'erasePredictions deletes labels of the key and of its predictions; event_id is the source’s own',
  },
  manifests: none(
    'definitions',
    'id project manifest changes same_meaning actor applied_at digest parent_id retained code',
  ),
  migrations: none('names of migrations', 'name timestamp'),
  migrations_lock: none('a lock', 'id is_locked'),
  model_version_marks: none('names models', 'mark_id project model version mark actor reason marked_at'),
  model_versions: none(
    'definitions of models',
    'project model version inputs outputs artifact_path artifact_sha256 manifest_id created_at content training measured actor complete_at promote_when_complete collected_at',
  ),
  notices: none(
    'what the webhook was told of an incident',
    'notice_id incident_id event created_at attempts next_attempt_at error sent_at given_up_at',
  ),
  object_parts: none('files of models and bundled code', 'sha256 part bytes'),
  objects: none('files of models and bundled code', 'sha256 size_bytes backend created_at touched_at'),
  predictions: {
    columns: { entities: 'key', entity_keys: 'key', request: 'key' },
    without:
      'prediction_id predicted_at project model version outputs degraded degraded_reasons views on_demand latency_us logged_at alias alias_move_id scalars defaults_used output features_us on_demand_us model_us raw_outputs precomputed'.split(
        ' ',
      ),
    how: 'erasePredictions deletes records that name the key; a request is part of its record',
  },
  processes: none(
    'living processes',
    'process_id project role host pid larder_version views models slots started_at heartbeat_at log_dropped log_dropped_at',
  ),
  pushes: none(
    'answers name rejected rows by index; the idempotency key is the caller’s own',
    'project idempotency_key request_sha256 run_id answer created_at',
  ),
  recoveries: none('names clusters of PostgreSQL', 'cluster noticed_at jumped'),
  registry_revisions: none('a number', 'project revision'),
  remembered_contents: {
    columns: { address_hash: 'hash' },
    without: ['project', 'content_sha256', 'etag', 'last_modified', 'revision', 'checked_at'],
    how: 'an address may hold a key; eraseRemembered deletes those whose content a row of the key used',
  },
  remembered_uses: {
    columns: { key_hash: 'hash' },
    without: ['project', 'content_sha256'],
    how: 'eraseRemembered deletes those of the key, and of the contents that it used',
  },
  remembered_values: none(
    'values by the hash of a content; eraseRemembered deletes those of the contents that the key used',
    'project content_sha256 computation values size_bytes revision used_at',
  ),
  row_failures: {
    columns: { entity_key: 'key', keys: 'key', reason: 'key' },
    without: 'failure_id run_id chunk_id event_timestamp code retryable attempts failed_at retry_at'.split(
      ' ',
    ),
    how: 'eraseFailures deletes the failures of the key',
  },
  run_links: none('names runs', 'parent_run_id run_id'),
  runs: {
    columns: { scope: 'key' },
    without:
      'run_id revision project view version fingerprint trigger status row_limit priority max_rows_per_second force idempotency_key request_sha256 error_code error_reason created_at queued_at planning_token planning_lease_expires_at planning_failures planned_at next_dispatch_at started_at finished_at paused_at paused_ms rows_total rows_done rows_failed rows_skipped code_seen_at recount_at gone_at_most gone_state gone_keys feeding traceparent'.split(
        ' ',
      ),
    how: 'eraseQueuedWork takes the key out of scopes, and cancels a run for it alone',
  },
  staged_rows: {
    columns: { entity_key: 'key', columns: 'key' },
    without: 'run_id ordinal'.split(' '),
    how: 'eraseStagedRows deletes the pushed rows of the key',
  },
  schedules: none(
    'names views',
    'project view version fingerprint schedule due_at last_due_at last_outcome runs_queued runs_left_out runs_skipped',
  ),
  seen_keys: {
    columns: { hashes: 'unkeyed hash' },
    without: ['chunk_id', 'run_id'],
    how: 'of the keys that a run with whenGone read, seeded with its revision, 64 bits; deleted once it has decided, or when the next run is planned',
  },
  tombstones: {
    columns: { key_hash: 'hash', slot: 'unkeyed hash' },
    without: ['project', 'entity', 'erased_at', 'receipt_id'],
    how: 'kept, so that the key does not come back',
  },
  training_sets: {
    columns: { key_hashes: 'hash', request: 'text of the user', manifest: 'text of the user' },
    without:
      'training_set_id project model model_version status statistics host pid folder actor created_at finished_at error_code error_reason process_id'.split(
        ' ',
      ),
    how: 'the receipt lists the sets whose files hold the key; request and manifest keep the query of --sql as it was given; statistics are of features',
  },
  unnumbered_changes: {
    columns: { entity_key: 'hash' },
    without: CHANGE.split(' ').filter((name) => name !== 'position' && name !== 'numbered_at'),
    how: 'as changes',
  },
  view_costs: none('names views', 'project view version rows slot_seconds measured_at'),
  view_freshness: none(
    'names views',
    'project view version newest_event_timestamp newest_landed_at newest_online_at rows_online newest_gone_at',
  ),
  windowed_views: none('definitions', 'project view version event_source definition recorded_at built_at'),
  view_versions: none('definitions', 'project view version definition manifest_id created_at'),
};

/**
 * Schemas with one table per view version, whose rows eraseHistory deletes by join keys; and with events and tiles, whose rows
 * eraseEvents deletes by join keys and by the key.
 */
export const HISTORY_SCHEMAS = /_(history|aside_[0-9a-f]{12})$/;

/** The planner's statistics keep frequent values of every column above that holds keys; eraseStatistics analyzes them again. */
export const STATISTICS = 'pg_stats';

/** Keys of Redis. */
export const REDIS_KEYS: readonly { readonly pattern: RegExp; readonly how: string }[] = [
  {
    pattern: /^larder:[a-z0-9_]+:\{[a-z0-9_]+:.*\}$/s,
    how: 'one hash per entity, deleted by OnlineStore.erase',
  },
  { pattern: /^larder:[a-z0-9_]+:erased:\{\d+\}$/, how: 'tombstones: hashes' },
  { pattern: /^larder:[a-z0-9_]+:erased$/, how: 'the number of tombstones; who restores them' },
  { pattern: /^larder:[a-z0-9_]+:windows$/, how: 'the server that has all windows, or who writes them' },
  { pattern: /^larder:[a-z0-9_]+:restoring:[0-9a-f-]{36}$/, how: 'the mark of a process that restores' },
  { pattern: /^larder:[a-z0-9_]+:\{queue\}:/, how: 'BullMQ: jobs name chunks and attempts, never keys' },
];

/*
 * Outside of both stores:
 * - Files of archives: eraseFromArchive writes them again without the key; those out of reach are in the receipt.
 * - Folders of `larder backup`: nobody knows where they are; docs/guides/back-up-and-restore.md says to delete them.
 * - Files of training sets: in the receipt; delete or build them again.
 * - Compute threads: batches in flight alone, and landing drops their rows. They cache artifacts, not values.
 * - The picture decoder: bytes in shared memory for one batch; no files and no cache by address.
 * - The buffer of the prediction log: records of erased entities are dropped when it is written.
 * - Reads of the online store: nothing is kept between requests.
 */
