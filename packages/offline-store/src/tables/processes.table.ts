import type { ColumnType } from 'kysely';

export type ProcessRole = 'worker' | 'inference';

/** A view version that a process has the code of; it computes runs of this fingerprint only. */
export interface ComputableView {
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
}

/** A model version that a process serves. */
export interface LoadedModel {
  readonly model: string;
  /** Null: no version could be loaded yet. */
  readonly version: number | null;
  /** True when the applied version is loaded, checked against its golden rows and warm. */
  readonly ready: boolean;
  /** References of the view versions that it reads: `ad_image@1`. */
  readonly reads: readonly string[];
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
  started_at: Date;
  heartbeat_at: Date;
}
