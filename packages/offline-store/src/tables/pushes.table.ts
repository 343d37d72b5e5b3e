import type { ColumnType, Generated } from 'kysely';

/** A push with an Idempotency-Key, and the answer that its caller got. */
export interface PushesTable {
  project: string;
  idempotency_key: string;
  /** Hash of the request's meaning: distinguishes a retry from another request with the same key. */
  request_sha256: string;
  /** The run that its rows share with other pushes; the key is deleted with it. */
  run_id: string;
  answer: ColumnType<unknown, string, never>;
  created_at: Generated<Date>;
}
