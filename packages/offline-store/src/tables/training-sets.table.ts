import type { ColumnType, Generated } from 'kysely';

export interface TrainingSetsTable {
  training_set_id: string;
  project: string;
  /** Null: built from a list of features. */
  model: string | null;
  model_version: number | null;
  status: Generated<'building' | 'complete' | 'failed'>;
  request: ColumnType<unknown, string, never>;
  /** `manifest.json` of the set; null until complete. */
  manifest: ColumnType<unknown, string | null | undefined, string>;
  /** `statistics.json`: the baseline of later comparisons; null until complete. */
  statistics: ColumnType<unknown, string | null | undefined, string>;
  /** The first 8 bytes of the hash of every key in the set, sorted; null until complete. */
  key_hashes: Buffer | null;
  /** Where it is, or was, built. */
  host: string;
  pid: number;
  /** Of the service that builds it; null: a command. */
  process_id: string | null;
  folder: string;
  actor: string;
  created_at: Generated<Date>;
  finished_at: Date | null;
  error_code: string | null;
  error_reason: string | null;
}
