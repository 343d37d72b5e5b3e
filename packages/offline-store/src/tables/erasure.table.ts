import type { ColumnType, Generated } from 'kysely';

/** The key of all key hashes of a project; without it a hash can be tried against guessed keys. */
export interface ErasureSecretsTable {
  project: string;
  /** 32 random bytes, never changed. */
  secret: Buffer;
  /** How many tombstones the project has; counted by a trigger. */
  tombstones: Generated<number>;
  created_at: Generated<Date>;
}

/** Keys that were erased and may not be written again. */
export interface TombstonesTable {
  project: string;
  entity: string;
  key_hash: Buffer;
  erased_at: Generated<Date>;
  receipt_id: string;
  /** Redis Cluster's slot of the entity; null: written before this column existed. */
  slot: number | null;
}

/** Receipts. */
export interface ErasuresTable {
  receipt_id: string;
  project: string;
  entity: string;
  /** Null once complete. */
  entity_key: string | null;
  key_hash: Buffer;
  status: Generated<'running' | 'complete'>;
  actor: string;
  reason: string | null;
  /** By place: how many rows, fields or files were removed. */
  removed: ColumnType<Readonly<Record<string, number>>, string | undefined, string>;
  /** What still holds the key outside of the stores; null until complete. */
  still_held: ColumnType<unknown, string | null, string | null>;
  requested_at: Generated<Date>;
  /** The process that is erasing renews it; afterwards any worker continues. */
  lease_expires_at: Date | null;
  /** Why the last attempt stopped. */
  error_code: string | null;
  error_reason: string | null;
  completed_at: Date | null;
  /** The key may be written again since then; null: it may not, or was erased once more. */
  allowed_at: Generated<Date | null>;
  allowed_by: Generated<string | null>;
  allowed_reason: Generated<string | null>;
}
