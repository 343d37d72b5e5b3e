import type { ColumnType, Generated } from 'kysely';

export type ProcessRole = 'worker' | 'inference';

/** A view version that a process has the code of; it computes runs of this fingerprint only. */
export interface ComputableView {
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
  /** The connection of its source, if that has no address in the process: it then leaves runs of the view to others. */
  readonly lacks?: string;
}

/** A model version in service in a process; a model may have several. */
export interface LoadedModel {
  readonly model: string;
  /** Null: no version could be loaded yet. */
  readonly version: number | null;
  /** True when it is loaded, checked against its golden rows and warm, and none of its aliases has a problem. */
  readonly ready: boolean;
  /** References of the view versions that it reads: `ad_image@1`. */
  readonly reads: readonly string[];
  /** The aliases that this version answers for here; absent in rows of releases without aliases. */
  readonly aliases?: readonly AliasInForce[];
}

export interface AliasInForce {
  readonly alias: string;
  /** The move in force in this process; null: nobody has moved the alias yet. */
  readonly move_id: number | null;
  /** Why what the alias points to now is not in force; null: it is, or it is still being loaded. */
  readonly problem: AliasProblem | null;
}

/** A version that an alias points to and that a process cannot serve. */
export interface AliasProblem {
  readonly move_id: number | null;
  readonly version: number;
  /** A sentence for people, without paths. */
  readonly reason: string;
}

/** Rows of live processes; a row whose heartbeat stopped is deleted by any other process. */
export interface ProcessesTable {
  process_id: string;
  project: string;
  role: ProcessRole;
  host: string;
  pid: number;
  larder_version: string;
  views: ColumnType<readonly ComputableView[], string, string>;
  models: ColumnType<readonly LoadedModel[], string, string>;
  /** Number of compute threads of a worker; null: it computes nothing. */
  slots: number | null;
  /** Entries of the prediction log that it has dropped. */
  log_dropped: Generated<number>;
  /** When that number last grew. */
  log_dropped_at: Date | null;
  started_at: Date;
  heartbeat_at: Date;
}
