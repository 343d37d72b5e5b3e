/** Something that whoever is on call should know. */
export interface Problem {
  readonly kind: ProblemKind;
  /** `act`: a person must do something. `note`: worth knowing. */
  readonly severity: 'act' | 'note';
  /** A view version, a model, a process role or a store. */
  readonly subject: string;
  /** Null: it cannot be told. */
  readonly since: Date | null;
  /** A sentence without a full stop. */
  readonly detail: string;
  /** The next command, or what to do. */
  readonly next: string | null;
}

export type ProblemKind =
  | 'database_away'
  | 'database_slow'
  | 'database_not_migrated'
  | 'redis_away'
  | 'redis_emptied'
  | 'redis_full'
  | 'not_applied'
  | 'view_stale'
  | 'view_without_worker'
  | 'chain_behind'
  | 'run_late'
  | 'run_held'
  | 'run_failed'
  | 'run_partial'
  | 'run_waiting'
  | 'run_stuck'
  | 'online_behind'
  | 'worker_absent'
  | 'inference_absent'
  | 'versions_mixed'
  | 'alias_not_in_force'
  | 'model_not_loaded'
  | 'predictions_not_logged'
  | 'changes_not_numbered'
  | 'partition_missing'
  | 'erasure_unfinished'
  | 'archiving_failed'
  | 'key_expires'
  | 'webhook_failing';
